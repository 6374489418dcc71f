import { setTimeout as delay } from "node:timers/promises";
import { killGroup } from "./processes";
import { run, type Program, type Run } from "./program";

const firstPauseInMilliseconds = 200;
const longestPauseInMilliseconds = 5_000;
const livedLongInMilliseconds = 10_000;

export interface Death {
  name: string;
  how: string;
  lastWords: string;
  pauseInMilliseconds: number;
}

export interface Watcher {
  onChange?: () => void;
  onDeath?: (death: Death) => void;
}

/** Keeps a program running, as a cluster would: whatever dies is started again, with a growing pause. */
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
  async stop(signal: NodeJS.Signals = "SIGTERM", graceInMilliseconds = 25_000): Promise<void> {
    // Once is enough: services take a second signal as "at once".
    if (!this.halt.signal.aborted) {
      this.halt.abort();
      await this.current?.stop(signal, graceInMilliseconds);
    }
    await this.loop;
  }

  /** A crash: no time to do anything about it. */
  kill(): void {
    if (this.current?.isAlive() && this.current.pid) killGroup(this.current.pid);
  }

  private async keepAlive(halted: AbortSignal): Promise<void> {
    let pauseInMilliseconds = firstPauseInMilliseconds;
    let lastWords = "";
    for (;;) {
      const startedAt = performance.now();
      this.current = run(this.program, lastWords);
      this.watcher.onChange?.();
      const how = await this.current.ended;
      if (halted.aborted) return;

      lastWords = this.current.printed();
      if (performance.now() - startedAt > livedLongInMilliseconds)
        pauseInMilliseconds = firstPauseInMilliseconds;
      this.watcher.onDeath?.({ name: this.program.name, how, lastWords, pauseInMilliseconds });
      await delay(pauseInMilliseconds, undefined, { signal: halted }).catch(() => undefined);
      if (halted.aborted) return;
      pauseInMilliseconds = Math.min(pauseInMilliseconds * 2, longestPauseInMilliseconds);
      this.restarts++;
    }
  }
}
