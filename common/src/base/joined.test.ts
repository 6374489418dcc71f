import { Gate } from "../testing/gate";
import { joined, useScheduling } from "./joined";

afterEach(() => useScheduling());

/** Runs that end when the gate is opened. */
function gated(gate = new Gate()) {
  const runs: number[][] = [];
  const double = joined(async (items: number[]) => {
    runs.push([...items]);
    await gate.opened;
    if (items.includes(13)) throw new Error("refused");
    return items.map((item) => 2 * item);
  });
  return { gate, runs, double };
}

it("starts at once, and joins the calls that are made meanwhile", async () => {
  const { gate, runs, double } = gated();
  const results = Promise.all([1, 2, 3].map(double));
  expect(runs).toEqual([[1]]);
  gate.open();
  expect(await results).toEqual([2, 4, 6]);
  expect(await double(4)).toBe(8);
  expect(runs).toEqual([[1], [2, 3], [4]]);
});

it("fails all calls of a run that fails, and no others", async () => {
  const { gate, double } = gated();
  const results = Promise.allSettled([1, 13, 2].map(double));
  gate.open();
  expect((await results).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  expect(await double(3)).toBe(6);
});

it("has at most 100 items in a run, and one run at a time", async () => {
  let running = 0;
  const sizes: number[] = [];
  const same = joined(async (items: number[]) => {
    expect(running++).toBe(0);
    sizes.push(items.length);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    return items;
  });
  const numbers = Array.from({ length: 250 }, (_, number) => number);
  expect(await Promise.all(numbers.map(same))).toEqual(numbers);
  expect(sizes).toEqual([1, 100, 100, 49]);
});

it("joins the calls of one process only, where there are several", async () => {
  const { gate, runs, double } = gated();
  const processes = [{}, {}];
  let current = 0;
  useScheduling({
    process: () => processes[current] ?? {},
    waitFor: async (promise) => void (await promise),
  });
  const results = [1, 2, 3, 4].map((item) => {
    current = item % 2;
    return double(item);
  });
  expect(runs).toEqual([[1], [2]]);
  gate.open();
  await Promise.all(results);
  expect(runs).toEqual([[1], [2], [3], [4]]);
});
