import { AsyncLocalStorage } from "node:async_hooks";

/** A unit of work of one process: a request, a delivery, a run of its relay or of a sweep. */
export interface Task {
  /** Of no other task, nor of another run. */
  id: number;
  process: string;
  description: string;
  /** The suspension point that it has reached: a failpoint, before or after a read or a write, its start. */
  point: string;
  /** Not runnable before this time. */
  wakeAt: number;
  /** Waiting for a response of the gateway, or for another task of its process. */
  isBlocked: boolean;
  resume: () => void;
  /** Called when its process is killed. */
  onKill: () => void;
}

/** The task that the running code belongs to. Shared by all runs: each AsyncLocalStorage slows down every promise. */
const currentTask = new AsyncLocalStorage<Task>();

let count = 0;

/** The id of the task that the running code belongs to. */
export const currentTaskId = (): number | undefined => currentTask.getStore()?.id;

/** Steps take a few milliseconds. One that takes this long awaits something that is not a suspension point. */
const maxStepMs = 20_000;

interface Ends<Result> {
  onEnd?: (outcome: PromiseSettledResult<Result>) => void;
  onKill?: () => void;
}

/**
 * Runs one task at a time, up to its next suspension point. The caller alone chooses the order, so the same choices
 * reproduce the same run. A killed task never resumes, not even its `catch` and `finally`.
 */
export class Scheduler {
  now = 0;
  readonly tasks: Task[] = [];
  running: Task | undefined;
  /** What stands for each process until it is killed. */
  private processes = new Map<string, object>();
  private onStop = () => {};

  /** Adds a task, suspended at its start. */
  start<Result>(
    process: string,
    description: string,
    work: (task: Task) => Promise<Result>,
    { onEnd = () => {}, onKill = () => {} }: Ends<Result> = {},
  ): Task {
    const task: Task = {
      id: ++count,
      process,
      description,
      point: "start",
      wakeAt: 0,
      isBlocked: false,
      onKill,
      resume: () => {
        this.runAs(task, () => work(task)).then(
          (value) => this.ended(task, () => onEnd({ status: "fulfilled", value })),
          (reason: unknown) => this.ended(task, () => onEnd({ status: "rejected", reason })),
        );
      },
    };
    this.tasks.push(task);
    return task;
  }

  runAs<Result>(task: Task, work: () => Result): Result {
    return currentTask.run(task, work);
  }

  /** Suspends the current task until it is stepped. Code outside of tasks is not suspended. */
  async park(point: string, milliseconds = 0): Promise<void> {
    const task = currentTask.getStore();
    if (!task) return;
    await new Promise<void>((resolve) => {
      if (!this.tasks.includes(task)) return; // killed
      task.point = point;
      task.wakeAt = this.now + milliseconds;
      task.resume = resolve;
      this.stopped(task);
    });
  }

  /** Suspends the task until `isBlocked` is false. `resume` then continues it. */
  block(task: Task, point: string): void {
    task.point = point;
    task.isBlocked = true;
    this.stopped(task);
  }

  /** Suspends the current task until another task of its process has settled the promise. */
  async waitFor(promise: Promise<unknown>): Promise<void> {
    const task = currentTask.getStore();
    const settled = promise.catch(() => {});
    if (!task) return void (await settled);
    await new Promise<void>((resolve) => {
      if (!this.tasks.includes(task)) return; // killed
      task.resume = resolve;
      void settled.then(() => (task.isBlocked = false));
      this.block(task, "waits for another task");
    });
  }

  /** Stands for the process of the current task. */
  currentProcess(): object {
    const name = currentTask.getStore()?.process ?? "none";
    const process = this.processes.get(name) ?? {};
    this.processes.set(name, process);
    return process;
  }

  isRunnable = (task: Task): boolean => !task.isBlocked && task.wakeAt <= this.now;

  /** Resolves when the task has reached its next suspension point, or its end. */
  async step(task: Task): Promise<void> {
    this.running = task;
    await new Promise<void>((resolve, reject) => {
      const lost = new Error(
        `${task.process}: ${task.description} resumed from ${task.point} and did not reach another suspension point`,
      );
      const limit = setTimeout(reject, maxStepMs, lost);
      this.onStop = () => {
        clearTimeout(limit);
        resolve();
      };
      task.resume();
    });
    this.running = undefined;
    // Lets code that awaits the task, such as a user, run before the next step.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Removes all tasks of a process, or all tasks. */
  kill(process?: string): void {
    for (const task of this.tasks.filter((each) => !process || each.process === process)) {
      this.remove(task);
      task.onKill();
    }
    if (process) this.processes.delete(process);
  }

  private stopped(task: Task): void {
    if (task !== this.running)
      throw new Error(`${task.description} ran without being stepped, at ${task.point}`);
    this.onStop();
  }

  private ended(task: Task, notify: () => void): void {
    if (!this.tasks.includes(task)) return; // killed in the meantime
    this.remove(task);
    notify();
    if (task === this.running) this.onStop();
  }

  private remove(task: Task): void {
    this.tasks.splice(this.tasks.indexOf(task), 1);
  }
}
