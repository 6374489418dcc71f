import { Gate } from "../testing/gate";
import { useScheduling } from "./joined";
import { sharedReads } from "./shared-reads";

afterEach(() => useScheduling());

/** Reads a value that changes. They end when the gate is opened. */
function gated() {
  const state = { value: 0, reads: 0, isBroken: false };
  const gate = new Gate();
  const readShared = sharedReads<number>();
  const read = (key = "a") =>
    readShared(key, async () => {
      state.reads += 1;
      const { value, isBroken } = state;
      await gate.opened;
      if (isBroken) throw new Error("The database is unavailable");
      return value;
    });
  return { state, gate, read };
}

it("reads at once, and then once more for all calls that are made meanwhile", async () => {
  const { state, gate, read } = gated();
  const results = Promise.all([read(), read(), read(), read()]);
  expect(state.reads).toBe(1);
  gate.open();
  await results;
  expect(state.reads).toBe(2);
  await read();
  expect(state.reads).toBe(3);
});

it("shows each caller what was written before its call", async () => {
  const { state, gate, read } = gated();
  const before = read();
  state.value = 1;
  const after = [read(), read()];
  gate.open();
  expect([await before, ...(await Promise.all(after))]).toEqual([0, 1, 1]);
});

it("fails the calls that wait for a read that fails, and no later ones", async () => {
  const { state, gate, read } = gated();
  state.isBroken = true;
  const results = Promise.allSettled([read(), read(), read()]);
  state.isBroken = false;
  gate.open();
  expect((await results).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(state.reads).toBe(1);
  expect(await read()).toBe(0);
});

it("shares nothing between keys, or between processes", async () => {
  const { state, gate, read } = gated();
  const results = [read("a"), read("b")];
  useScheduling({ process: () => gate, waitFor: async (promise) => void (await promise) });
  results.push(read("a"));
  expect(state.reads).toBe(3);
  gate.open();
  await Promise.all(results);
});
