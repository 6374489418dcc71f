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

export interface ProcessListener {
  onChange?: () => void;
  onDeath?: (death: Death) => void;
}

/** Keeps a program running, like a cluster: restarts it whenever it exits, with a backoff. */
export class Supervisor {
  restarts = 0;
  /** How the previous run ended, such as "exit 0" or "SIGKILL". */
  lastExit?: string;
  private current?: Run;
  private loop?: Promise<void>;
  private halt = new AbortController();

  constructor(
    readonly program: Program,
    private readonly listener: ProcessListener = {},
  ) {}

  get url(): string {
    return this.program.url;
  }

  /** The last one if none is running. */
  get pid(): number | undefined {
    return this.current?.pid;
  }

  start(): void {
    this.halt = new AbortController();
    this.loop = this.keepAlive(this.halt.signal);
  }

  /** Resolves when the program is ready, even if it had to be restarted. */
  async ready(signal: AbortSignal = AbortSignal.timeout(60_000)): Promise<void> {
    while (!(this.current?.isAlive() && (await this.program.isReady(this.current.printed)))) {
      await delay(50, undefined, { signal });
    }
  }

  /** Stops the program until `start()`. */
  async stop(signal: NodeJS.Signals = "SIGTERM", graceMs = 35_000): Promise<void> {
    // Only once: a second signal makes services exit immediately.
    if (!this.halt.signal.aborted) {
      this.halt.abort();
      await this.current?.stop(signal, graceMs);
    }
    await this.loop;
  }

  /** Crashes the program. */
  kill(): void {
    if (this.current?.isAlive() && this.current.pid) killGroup(this.current.pid);
  }

  private async keepAlive(halted: AbortSignal): Promise<void> {
    let pauseMs = initialPauseMs;
    let logTail = "";
    for (;;) {
      const startedAt = performance.now();
      this.current = run(this.program, logTail);
      this.listener.onChange?.();
      const how = await this.current.ended;
      this.lastExit = how;
      if (halted.aborted) return;

      logTail = this.current.printed();
      if (performance.now() - startedAt > livedLongMs) pauseMs = initialPauseMs;
      this.listener.onDeath?.({ name: this.program.name, how, logTail, pauseMs });
      await delay(pauseMs, undefined, { signal: halted }).catch(() => undefined);
      if (halted.aborted) return;
      pauseMs = Math.min(pauseMs * 2, maxPauseMs);
      this.restarts++;
    }
  }
}
