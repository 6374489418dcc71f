import { currentProcess, waitFor } from "./joined";

interface Reading<Result> {
  result: Promise<Result>;
  /** Of the read after this one, once that has begun. */
  next?: Promise<Result>;
}

/**
 * Shares reads of the same data, such as the first page of a list. Calls that are made during a read share the next one,
 * so each caller sees whatever was written before its call. If a read fails, the calls that wait for it fail too: none waits
 * for two timeouts.
 * @returns a function that resolves with what `read` finds, for callers with the same key
 * @example
 * let reads = 0;
 * const readShared = sharedReads<number>();
 * const read = () => readShared("front page", async () => (reads += 1));
 * await Promise.all([read(), read(), read()]); // => [1, 2, 2]
 */
export function sharedReads<Result>(): (key: string, read: () => Promise<Result>) => Promise<Result> {
  const readings = new WeakMap<object, Map<string, Reading<Result>>>();

  return async (key, read) => {
    const ofProcess = readings.get(currentProcess()) ?? new Map<string, Reading<Result>>();
    readings.set(currentProcess(), ofProcess);

    const begin = (): Promise<Result> => {
      const reading: Reading<Result> = { result: read() };
      const end = () => {
        if (ofProcess.get(key) === reading) ofProcess.delete(key);
      };
      ofProcess.set(key, reading);
      reading.result.then(end, end);
      return reading.result;
    };

    const reading = ofProcess.get(key);
    if (!reading) return begin();
    await waitFor(reading.result);
    await reading.result; // rejects if it failed
    return (reading.next ??= begin());
  };
}
