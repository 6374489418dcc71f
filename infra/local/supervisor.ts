import { setTimeout as delay } from "node:timers/promises";
import { killGroup } from "./processes";
import { run, type Program, type Run } from "./program";

const initialPauseMs = 200;
const maxPauseMs = 5_000;
const livedLongMs = 10_000;

export interface Death {
  name: string;
  how: string;
  logTail: string;
  pauseMs: number;
}

export interface Watcher {
  onChange?: () => void;
  onDeath?: (death: Death) => void;
}

/** Keeps a program running, as a cluster would: it is started again whenever it ends, with a growing pause. */
export class Supervisor {
  restarts = 0;
  private current?: Run;
  private loop?: Promise<void>;
  private halt = new AbortController();

  constructor(
    readonly program: Program,
    private readonly watcher: Watcher = {},
  ) {}

  get url(): string {
    return this.program.url;
  }

  /** The last one while there is none. */
  get pid(): number | undefined {
    return this.current?.pid;
  }

  start(): void {
    this.halt = new AbortController();
    this.loop = this.keepAlive(this.halt.signal);
  }

  /** Resolves when the program says that it is ready, however often it had to be started for that. */
  async ready(signal: AbortSignal = AbortSignal.timeout(60_000)): Promise<void> {
    while (!(this.current?.isAlive() && (await this.program.isReady(this.current.printed)))) {
      await delay(50, undefined, { signal });
    }
  }

  /** Stays stopped until it is started again. */
  async stop(signal: NodeJS.Signals = "SIGTERM", graceMs = 35_000): Promise<void> {
    // Once is enough: services take a second signal as "at once".
    if (!this.halt.signal.aborted) {
      this.halt.abort();
      await this.current?.stop(signal, graceMs);
    }
    await this.loop;
  }

  /** A crash: no time to do anything about it. */
  kill(): void {
    if (this.current?.isAlive() && this.current.pid) killGroup(this.current.pid);
  }

  private async keepAlive(halted: AbortSignal): Promise<void> {
    let pauseMs = initialPauseMs;
    let logTail = "";
    for (;;) {
      const startedAt = performance.now();
      this.current = run(this.program, logTail);
      this.watcher.onChange?.();
      const how = await this.current.ended;
      if (halted.aborted) return;

      logTail = this.current.printed();
      if (performance.now() - startedAt > livedLongMs) pauseMs = initialPauseMs;
      this.watcher.onDeath?.({ name: this.program.name, how, logTail, pauseMs });
      await delay(pauseMs, undefined, { signal: halted }).catch(() => undefined);
      if (halted.aborted) return;
      pauseMs = Math.min(pauseMs * 2, maxPauseMs);
      this.restarts++;
    }
  }
}
