/** How tasks of one process identify it, and wait for each other. */
interface Scheduling {
  /** Identifies the process that runs the current task. */
  process: () => object;
  /** Resolves when another task of this process has settled `promise`. Never rejects. */
  waitFor: (promise: Promise<unknown>) => Promise<void>;
}

const thisProcess = {};
const system: Scheduling = {
  process: () => thisProcess,
  waitFor: async (promise) => {
    await promise.catch(() => {});
  },
};

let scheduling = system;

/** For simulations of several processes in one, of which one task runs at a time; without arguments, restores the default. */
export function useScheduling(replacement: Scheduling = system): void {
  scheduling = replacement;
}

/**
 * Identifies the process that runs the current task, as a key for state in memory.
 * @example
 * const cache = new WeakMap([[currentProcess(), "kept by this process"]]);
 * cache.get(currentProcess()); // => "kept by this process"
 */
export const currentProcess = (): object => scheduling.process();

/**
 * Resolves when another task of this process has settled `promise`; never rejects. Code that waits for another task in
 * any other way blocks a simulation.
 * @example
 * const otherTask = clock.wait(10).then(() => "sent");
 * await waitFor(otherTask);
 * await otherTask; // => "sent"
 */
export const waitFor = (promise: Promise<unknown>): Promise<void> => scheduling.waitFor(promise);

const maxItems = 100;

interface Batch<Item, Result> {
  items: Item[];
  /** Whether its run has not started. */
  isOpen: boolean;
  results: Promise<Result[]>;
}

/**
 * Joins calls: those made during a run of `work` share the next run, at most 100 per run. A call while no run is in
 * progress starts one immediately.
 * @param work resolves with the result of each item, in the same order; if it rejects, so do all calls of the run
 * @example
 * const runs: number[] = [];
 * const insert = joined(async (titles: string[]) => {
 *   runs.push(titles.length); // one command for all of them
 *   return titles.map((title) => title.length);
 * });
 * await Promise.all([insert("a"), insert("bb"), insert("ccc")]); // => [1, 2, 3]
 * runs; // => [1, 2]
 */
export function joined<Item, Result>(work: (items: Item[]) => Promise<Result[]>) {
  /** The last batch of each process that has one. */
  const batches = new WeakMap<object, Batch<Item, Result>>();

  return async (item: Item): Promise<Result> => {
    const process = currentProcess();
    const last = batches.get(process);
    if (last?.isOpen && last.items.length < maxItems) {
      const index = last.items.push(item) - 1;
      await waitFor(last.results);
      return (await last.results)[index] as Result;
    }
    const batch: Batch<Item, Result> = { items: [item], isOpen: true, results: Promise.resolve([]) };
    const run = async () => {
      try {
        if (last) await waitFor(last.results);
        batch.isOpen = false;
        return await work(batch.items);
      } finally {
        if (batches.get(process) === batch) batches.delete(process);
      }
    };
    batches.set(process, batch);
    batch.results = run();
    const [result] = await batch.results;
    return result as Result;
  };
}
