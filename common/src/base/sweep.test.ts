import { hours, minutes } from "./clock";
import { eventually } from "../testing/eventually";
import { type Sweep, forEachDocument, runPeriodically, retryOnConflict } from "./sweep";

const versionError = Object.assign(new Error("another write was faster"), { name: "VersionError" });

let sweep: Sweep | undefined;
afterEach(() => sweep?.stop());

/** Work that ends on demand. */
function slowWork() {
  const ends: (() => void)[] = [];
  let runs = 0;
  return {
    run: () => {
      runs += 1;
      return new Promise<void>((resolve) => ends.push(resolve));
    },
    endOne: () => ends.shift()?.(),
    get runs() {
      return runs;
    },
  };
}

it("runs immediately, and then periodically", async () => {
  let runs = 0;
  sweep = runPeriodically(1, async () => {
    runs += 1;
  });
  sweep.start();
  expect(runs).toBe(1);
  await eventually(() => expect(runs).toBeGreaterThan(3));
});

it("continues after a failed run", async () => {
  let runs = 0;
  sweep = runPeriodically(1, async () => {
    runs += 1;
    throw new Error("not this time");
  });
  sweep.start();
  await eventually(() => expect(runs).toBeGreaterThan(1));
});

it("retries a failed run within a minute, however long its interval", async () => {
  jest.useFakeTimers();
  let runs = 0;
  sweep = runPeriodically(hours(24), async () => {
    runs += 1;
    if (runs === 1) throw new Error("not this time");
  });
  sweep.start();
  await jest.advanceTimersByTimeAsync(minutes(1));
  expect(runs).toBe(2);
  await jest.advanceTimersByTimeAsync(minutes(1));
  expect(runs).toBe(2);
  jest.useRealTimers();
});

it("never runs concurrently, and runs once more after kicks during a run", async () => {
  const work = slowWork();
  sweep = runPeriodically(60_000, work.run);
  sweep.start();
  sweep.kick();
  sweep.kick();
  expect(work.runs).toBe(1);
  work.endOne();
  await eventually(() => expect(work.runs).toBe(2));
  work.endOne();
  sweep.kick();
  await eventually(() => expect(work.runs).toBe(3));
  work.endOne();
});

it("finishes the current run when it stops, and starts no other", async () => {
  const work = slowWork();
  const stopping = runPeriodically(1, work.run);
  stopping.start();
  stopping.kick();
  let isStopped = false;
  const stopped = stopping.stop().then(() => {
    isStopped = true;
  });
  await new Promise(setImmediate);
  expect(isStopped).toBe(false);
  work.endOne();
  await stopped;
  stopping.kick();
  expect(work.runs).toBe(1);
});

it("does nothing before it is started", () => {
  const work = slowWork();
  runPeriodically(1, work.run).kick();
  expect(work.runs).toBe(0);
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** As many as are requested, like a cursor that keeps count of what was read. */
function documents(count: number) {
  const cursor = { read: 0, isClosed: false };
  async function* read() {
    for (const document of numbers(count)) {
      cursor.read += 1;
      yield document;
    }
  }
  const close = async () => {
    cursor.isClosed = true;
  };
  return { cursor, stream: Object.assign(read(), { close }) };
}

it("handles each document independently", async () => {
  const done: number[] = [];
  await forEachDocument(documents(5).stream, async (document) => {
    if (document === 2) throw versionError;
    if (document === 3) throw new Error("a bug");
    done.push(document);
  });
  expect(new Set(done)).toEqual(new Set([0, 1, 4]));
});

it("handles each of many documents once, with limited concurrency and memory", async () => {
  const { cursor, stream } = documents(1000);
  const done: number[] = [];
  let atOnce = 0;
  let maxConcurrency = 0;
  let maxInMemory = 0;
  await forEachDocument(stream, async (document) => {
    atOnce += 1;
    maxConcurrency = Math.max(maxConcurrency, atOnce);
    maxInMemory = Math.max(maxInMemory, cursor.read - done.length);
    await new Promise(setImmediate);
    done.push(document);
    atOnce -= 1;
  });
  expect(done.toSorted((one, other) => one - other)).toEqual(numbers(1000));
  expect(maxConcurrency).toBe(4);
  expect(maxInMemory).toBeLessThanOrEqual(100);
});

it("handles documents in random order, so that processes do not collide", async () => {
  const orders = new Set<string>();
  for (let run = 0; run < 3; run++) {
    const order: number[] = [];
    await forEachDocument(documents(20).stream, async (document) => void order.push(document));
    orders.add(order.join());
  }
  expect(orders.size).toBeGreaterThan(1);
});

it("skips the remaining documents when it stops", async () => {
  const { cursor, stream } = documents(1000);
  const opens: (() => void)[] = [];
  let begun = 0;
  sweep = runPeriodically(1, (signal) =>
    forEachDocument(
      stream,
      () => {
        begun += 1;
        return new Promise<void>((resolve) => opens.push(resolve));
      },
      signal,
    ),
  );
  sweep.start();
  await eventually(() => expect(begun).toBe(4));
  const stopped = sweep.stop();
  for (const open of opens) open();
  await stopped;
  expect([begun, cursor.isClosed]).toEqual([4, true]);
});

it("rejects if it is stopped before the last document", async () => {
  const stopping = new AbortController();
  const work = async () => stopping.abort(new Error("the process stops"));
  await expect(forEachDocument(documents(10).stream, work, stopping.signal)).rejects.toThrow(
    "the process stops",
  );
});

it("retries with a fresh load while it loses the race", async () => {
  let attempts = 0;
  const result = await retryOnConflict(async () => {
    if (++attempts < 4) throw versionError;
    return attempts;
  });
  expect(result).toBe(4);
});

it("fails after ten lost races", async () => {
  let attempts = 0;
  const work = async () => {
    attempts += 1;
    throw versionError;
  };
  await expect(retryOnConflict(work)).rejects.toBe(versionError);
  expect(attempts).toBe(10);
});

it("does not retry other errors", async () => {
  let attempts = 0;
  const work = async () => {
    attempts += 1;
    throw new Error("a bug");
  };
  await expect(retryOnConflict(work)).rejects.toThrow("a bug");
  expect(attempts).toBe(1);
});
