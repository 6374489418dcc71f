import { backoffMs, clock } from "@eventhive/common";

interface Timer {
  data: unknown;
  due: number;
  attempts: number;
  isRunning: boolean;
}

type Handler = (job: { data: unknown }) => Promise<unknown>;

/** Replaces Bull and its Redis. Timers survive kills, and run only on `run()`. */
class Timers {
  private readonly timers = new Map<string, Timer>();
  private handler: Handler | undefined;

  on(): void {}

  /** Like Bull: a job with a known id is not added again. */
  async add(data: unknown, { jobId, delay }: { jobId: string; delay: number }): Promise<void> {
    const timer = { data, due: clock.now() + delay, attempts: 0, isRunning: false };
    if (!this.timers.has(jobId)) this.timers.set(jobId, timer);
  }

  async getJob(jobId: string) {
    const timer = this.timers.get(jobId);
    if (!timer) return null;
    return {
      isActive: async () => timer.isRunning,
      remove: async () => {
        if (timer.isRunning) throw new Error(`Could not remove job ${jobId}`); // like Bull: it is locked
        this.timers.delete(jobId);
      },
    };
  }

  async process(_atOnce: number, handler: Handler): Promise<void> {
    this.handler = handler;
  }

  due(): string[] {
    const due = [...this.timers].filter(([, { due, isRunning }]) => !isRunning && due <= clock.now());
    return due.map(([id]) => id);
  }

  nextDue(): number {
    return Math.min(...[...this.timers.values()].filter(({ isRunning }) => !isRunning).map(({ due }) => due));
  }

  async run(id: string): Promise<void> {
    const timer = this.timers.get(id);
    if (!timer || !this.handler) return;
    timer.isRunning = true;
    try {
      await this.handler({ data: timer.data });
      this.timers.delete(id);
    } catch {
      timer.due = clock.now() + backoffMs(++timer.attempts, { firstMs: 200, maxMs: 5000 });
    } finally {
      timer.isRunning = false;
    }
  }

  /** After a kill of the process that runs them: another one may run them once their locks have expired. */
  release(): void {
    for (const timer of this.timers.values()) {
      if (timer.isRunning) timer.due = clock.now() + 10_000;
      timer.isRunning = false;
    }
  }

  /** Loses all timers, as an emptied Redis does. */
  clear(): void {
    this.timers.clear();
  }
}

export const timers = new Timers();

function Queue(): Timers {
  return timers;
}

const path = require.resolve("bull");
Object.assign(require.cache, { [path]: { id: path, filename: path, loaded: true, exports: Queue } });
