import { hours, minutes } from "./clock";
import { eventually } from "./messaging/event-bus.contract";
import { type Sweep, each, every, untilCurrent } from "./sweep";

const versionError = Object.assign(new Error("somebody was faster"), { name: "VersionError" });

let sweep: Sweep | undefined;
afterEach(() => sweep?.stop());

/** Work that ends when it is told to. */
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

it("runs at once, and again and again", async () => {
  let runs = 0;
  sweep = every(1, async () => {
    runs += 1;
  });
  sweep.start();
  expect(runs).toBe(1);
  await eventually(() => expect(runs).toBeGreaterThan(3));
});

it("goes on after a run that failed", async () => {
  let runs = 0;
  sweep = every(1, async () => {
    runs += 1;
    throw new Error("not this time");
  });
  sweep.start();
  await eventually(() => expect(runs).toBeGreaterThan(1));
});

it("does not wait a day to repeat what failed", async () => {
  jest.useFakeTimers();
  let runs = 0;
  sweep = every(hours(24), async () => {
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

it("runs once at a time, and once more for all that kicked it meanwhile", async () => {
  const work = slowWork();
  sweep = every(60_000, work.run);
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

it("finishes the run under way when it stops, and begins no other", async () => {
  const work = slowWork();
  const stopping = every(1, work.run);
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
  every(1, work.run).kick();
  expect(work.runs).toBe(0);
});

it("does each document by itself, whatever becomes of the others", async () => {
  async function* documents() {
    yield* [1, 2, 3, 4];
  }
  const done: number[] = [];
  await each(documents(), async (document) => {
    if (document === 2) throw versionError;
    if (document === 3) throw new Error("a bug");
    done.push(document);
  });
  expect(done).toEqual([1, 4]);
});

it("begins again from a fresh load as long as it loses the race", async () => {
  let attempts = 0;
  const result = await untilCurrent(async () => {
    if (++attempts < 4) throw versionError;
    return attempts;
  });
  expect(result).toBe(4);
});

it("does not repeat what failed for another reason", async () => {
  let attempts = 0;
  const work = async () => {
    attempts += 1;
    throw new Error("a bug");
  };
  await expect(untilCurrent(work)).rejects.toThrow("a bug");
  expect(attempts).toBe(1);
});
