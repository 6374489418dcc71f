import { clock, seconds } from "../base/clock";
import { isTransient } from "../contract/errors";
import { electionsOf } from "../database/database";
import { mongoStore } from "./store";
import { Sample, database, saveSample } from "../../test/sample";
import { eventually } from "../testing/eventually";
import { startReplicaSet } from "../../test/replica-set";

let all: Awaited<ReturnType<typeof startReplicaSet>>;
const store = mongoStore(database);

/** Ends the writers, also those of a test that fails. */
let isOver = false;
beforeEach(() => {
  isOver = false;
});
afterEach(() => {
  isOver = true;
});

beforeAll(async () => {
  all = await startReplicaSet();
  Object.assign(process.env, { MONGO_URL: all.url("samples"), MONGO_TIMEOUT_SECONDS: "4" }); // as on a cluster
  await store.open();
});
afterAll(async () => {
  await store.close();
  await all.remove();
});

it("loses nothing that was acknowledged when the primary is killed", async () => {
  const acknowledged: { id: string; at: number }[] = [];
  const failures: unknown[] = [];
  const writer = async () => {
    while (!isOver)
      await saveSample("acknowledged").then(
        ({ id }) => acknowledged.push({ id, at: performance.now() }),
        (error: unknown) => failures.push(error),
      );
  };
  const writers = Array.from({ length: 8 }, writer);
  await eventually(() => expect(acknowledged.length).toBeGreaterThan(100));
  const primary = await all.primary();
  const before = acknowledged.length;
  await primary.stop("SIGKILL");
  await expect(store.ping()).resolves.toBeUndefined(); // stays ready: requests wait, or get 503
  await eventually(() => expect(acknowledged.length).toBeGreaterThan(before + 200));
  isOver = true;
  await Promise.all(writers);
  await primary.start();
  await all.untilComplete();

  const times = acknowledged.map(({ at }) => at).toSorted((one, other) => one - other);
  const gaps = times.slice(1).map((at, n) => at - (times[n] ?? at));
  process.stdout.write(
    `${times.length} acknowledged, ${failures.length} refused, ${Math.round(Math.max(...gaps))} ms without a write\n`,
  );
  expect(failures.filter((error) => !isTransient(error))).toEqual([]);
  const stored = await Sample.find({ title: "acknowledged" }, { _id: 1 }).lean();
  const ids = new Set(stored.map(({ _id }) => String(_id)));
  expect(acknowledged.filter(({ id }) => !ids.has(id))).toEqual([]);
});

it("fails no write during a planned change of the primary", async () => {
  await all.untilComplete();
  const elections = electionsOf(database);
  const writer = async () => {
    while (!isOver) await saveSample("handed over");
  };
  const writers = Array.from({ length: 8 }, writer);
  const before = await all.primary();
  await all.command({ replSetStepDown: 30, secondaryCatchUpPeriodSecs: 10 });
  await eventually(async () => expect((await all.primary()).host).not.toBe(before.host));
  await clock.wait(seconds(1));
  isOver = true;
  await Promise.all(writers);
  expect(electionsOf(database)).toBeGreaterThan(elections); // so listeners handle events in flight again
});
