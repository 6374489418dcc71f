import type { Program } from "./program";
import type { StackProcess } from "./stack-file";
import { type Death, Supervisor } from "./supervisor";

const defaultReadyTimeoutMs = 90_000;
const remindIntervalMs = 5_000;

/** The processes of one stack. */
export class ProcessGroup {
  private readonly supervisors: Supervisor[] = [];

  constructor(
    private readonly print: (line: string) => void,
    private readonly onChange: () => void,
  ) {}

  find(name: string): Supervisor {
    const found = this.supervisors.find(({ program }) => program.name === name);
    if (!found) throw new Error(`There is no process ${name}`);
    return found;
  }

  processes(): StackProcess[] {
    return this.supervisors.map(({ program, pid = -1, restarts, lastExit }) => {
      const { name, kind, url, log } = program;
      return { name, kind, pid, url, log, restarts, lastExit };
    });
  }

  /** Resolves when all are ready. Until then, reports which ones are not. */
  async start(
    programs: Program[],
    cancelled: AbortSignal,
    readyTimeoutMs = defaultReadyTimeoutMs,
  ): Promise<void> {
    const listener = { onChange: this.onChange, onDeath: (death: Death) => this.print(exitReport(death)) };
    const started = programs.map((program) => new Supervisor(program, listener));
    this.supervisors.push(...started);
    for (const supervisor of started) supervisor.start();

    const waitingFor = new Set(programs.map(({ name }) => name));
    const remind = () => this.print(`Waiting for ${[...waitingFor].join(", ")}…`);
    const limit = new AbortController();
    const abort = () => limit.abort();
    cancelled.addEventListener("abort", abort);
    if (cancelled.aborted) abort();
    const timer = setTimeout(abort, readyTimeoutMs);
    const reminder = setInterval(remind, remindIntervalMs);
    remind();
    try {
      await Promise.all(
        started.map(async (supervisor) => {
          await supervisor.ready(limit.signal);
          waitingFor.delete(supervisor.program.name);
        }),
      );
    } catch (error) {
      if (cancelled.aborted) throw error;
      const logs = programs.filter(({ name }) => waitingFor.has(name)).map(({ log }) => log);
      throw new Error(`Not ready within ${readyTimeoutMs / 1000} s; see ${logs.join(", ")}`, {
        cause: error,
      });
    } finally {
      cancelled.removeEventListener("abort", abort);
      clearTimeout(timer);
      clearInterval(reminder);
    }
  }

  async stop(kind: Program["kind"]): Promise<void> {
    const ours = this.supervisors.filter(({ program }) => program.kind === kind);
    if (ours.length > 0) this.print(`Stopping ${ours.map(({ program }) => program.name).join(", ")}…`);
    await Promise.all(ours.map((supervisor) => supervisor.stop()));
  }

  /** For a runner that is about to exit. */
  killNow(): void {
    for (const supervisor of this.supervisors) supervisor.kill();
  }
}

function exitReport({ name, how, logTail, pauseMs }: Death): string {
  const lines = logTail
    .trimEnd()
    .split("\n")
    .slice(-20)
    .map((line) => line.slice(0, 300));
  return [`${name} ended (${how}); it starts again in ${pauseMs / 1000} s. Its last lines:`, ...lines].join(
    "\n    ",
  );
}
