import { AsyncLocalStorage } from "node:async_hooks";

/** Something that one process does: a request, a delivery, a run of its relay or of a sweep. */
export interface Task {
  id: number;
  process: string;
  words: string;
  /** Where it stands: at a failpoint, before or after a read or a write, at its start. */
  place: string;
  /** It waits for the clock to come here. */
  notBefore: number;
  /** It waits for somebody else's answer. */
  isCalling: boolean;
  goOn: () => void;
  /** Told when its process is killed. */
  onKill: () => void;
}

/** Which task a piece of code belongs to. One for all histories: each would cost every promise a little. */
const strand = new AsyncLocalStorage<Task>();

/** A step is a few milliseconds of work; one that takes so long waits for something that nobody parks at. */
const maxStep = 20_000;

interface Ends<Result> {
  onEnd?: (outcome: PromiseSettledResult<Result>) => void;
  onKill?: () => void;
}

/**
 * Lets one task at a time go on, up to the next place where it can be parked: so the order in which things happen is
 * the caller's choice alone, and the same choices make the same history. A killed task never goes on: nothing of it
 * runs any more, not even its `catch` and `finally`.
 */
export class Scheduler {
  now = 0;
  readonly tasks: Task[] = [];
  running: Task | undefined;
  private count = 0;
  private onStop = () => {};

  /** A task that stands at its start. */
  start<Result>(
    process: string,
    words: string,
    work: (task: Task) => Promise<Result>,
    { onEnd = () => {}, onKill = () => {} }: Ends<Result> = {},
  ): Task {
    const task: Task = {
      id: ++this.count,
      process,
      words,
      place: "start",
      notBefore: 0,
      isCalling: false,
      onKill,
      goOn: () => {
        this.within(task, () => work(task)).then(
          (value) => this.ended(task, () => onEnd({ status: "fulfilled", value })),
          (reason: unknown) => this.ended(task, () => onEnd({ status: "rejected", reason })),
        );
      },
    };
    this.tasks.push(task);
    return task;
  }

  within<Result>(task: Task, work: () => Result): Result {
    return strand.run(task, work);
  }

  /** Stops the present task here until its turn comes; what belongs to no task goes on. */
  async park(place: string, milliseconds = 0): Promise<void> {
    const task = strand.getStore();
    if (!task) return;
    await new Promise<void>((resolve) => {
      if (!this.tasks.includes(task)) return; // killed
      task.place = place;
      task.notBefore = this.now + milliseconds;
      task.goOn = resolve;
      this.stopped(task);
    });
  }

  /** The task waits for somebody else, and goes on by `goOn` once `isCalling` is false. */
  call(task: Task, place: string): void {
    task.place = place;
    task.isCalling = true;
    this.stopped(task);
  }

  canGoOn = (task: Task): boolean => !task.isCalling && task.notBefore <= this.now;

  /** Resolves when the task has come to its next place, or its end. */
  async step(task: Task): Promise<void> {
    this.running = task;
    await new Promise<void>((resolve, reject) => {
      const lost = new Error(`${task.process}: ${task.words} went on from ${task.place} and never stopped`);
      const limit = setTimeout(reject, maxStep, lost);
      this.onStop = () => {
        clearTimeout(limit);
        resolve();
      };
      task.goOn();
    });
    this.running = undefined;
    // Who waited for it, such as a person for an answer, takes notice before anything else happens.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** All tasks of a process, or all there are. */
  kill(process?: string): void {
    for (const task of this.tasks.filter((each) => !process || each.process === process)) {
      this.remove(task);
      task.onKill();
    }
  }

  private stopped(task: Task): void {
    if (task !== this.running) throw new Error(`${task.words} moved out of turn, at ${task.place}`);
    this.onStop();
  }

  private ended(task: Task, tell: () => void): void {
    if (!this.tasks.includes(task)) return; // killed in the meantime
    this.remove(task);
    tell();
    if (task === this.running) this.onStop();
  }

  private remove(task: Task): void {
    this.tasks.splice(this.tasks.indexOf(task), 1);
  }
}
