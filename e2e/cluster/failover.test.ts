import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../../common/src/testing/eventually";
import { databaseServices } from "../../infra/services";
import { lostWrites } from "../chaos/lost-writes";
import { ResponseLog, isTemporary } from "../chaos/response-log";
import { runUser } from "../chaos/user";
import { type EventLog, readEventLog } from "../event-log";
import { lastingViolations } from "../invariants";
import { Random } from "../random";
import { takeSnapshot } from "../snapshot";
import { database, stackFile } from "../stack";
import { stackSources } from "../stack-violations";
import { median, percentile } from "../statistics";
import { evict, killServer, kubectl, rolledOut } from "./cluster";
import { type StoreProbes, probeStores } from "./store-probes";

// On three members of each store, under about 4 requests a second, most of which are purchases. Beyond that, two cores would
// be busy, and the times would be those of waiting for a processor. KILLS=5 interrupts each store in each way at least five
// times, and compares the times with limits, which hold on an otherwise idle machine. Without it, one store is interrupted in
// each way.

const isTimed = process.env.KILLS !== undefined;
const repetitions = Number(process.env.KILLS ?? 1);
const userCount = 2; // beside the probes
const mongos = databaseServices.map((name) => `${name}-mongo`);
const stores = [...mongos, "jetstream"];

/** How long a store may accept no writes, in seconds: the median of all kills of its primary, and the longest. */
const limits = (store: string) =>
  store === "jetstream" ? { median: 6.5, longest: 10 } : { median: 8, longest: 15 };
/** Longer than the longest. */
const observedSeconds = 20;

const log = new ResponseLog();
let events: EventLog;
let users: Promise<void>[] = [];
let probes: StoreProbes | undefined;
let isOver = false;

/** The number of acknowledged writes to a store. */
const writtenTo = (store: string): number =>
  store === "jetstream" ? events.events.length : (probes?.written[store] ?? 0);

/** Resolves when each store has accepted more than this number of writes from now on. */
async function untilWritten(count: number): Promise<void> {
  const before = stores.map((store) => ({ store, written: writtenTo(store) }));
  await eventually(
    () => before.forEach(({ store, written }) => expect(writtenTo(store)).toBeGreaterThan(written + count)),
    { withinSeconds: 120 },
  );
}

/** Ends the load. */
async function stopLoad(): Promise<void> {
  isOver = true;
  await Promise.all([...users, probes?.stop()]);
}

beforeAll(async () => {
  await rolledOut();
  // Starting Node.js four times a minute takes an eighth of two cores.
  for (const store of mongos)
    await kubectl("patch", `cronjob/${store}-members`, "--patch", '{"spec":{"suspend":true}}');
  events = await readEventLog(stackFile().servers.nats);
  users = Array.from({ length: userCount }, (_, n) => runUser(log, new Random(n), () => isOver));
  probes = await probeStores(log);
  await untilWritten(5);
}, 300_000);

afterAll(async () => {
  await stopLoad();
  await events.close();
}, 60_000);

const table: string[] = [];

/** The longest time without a write to each store, in seconds, from now until all members are ready again. */
async function interrupted(by: () => Promise<unknown>): Promise<Record<string, number>> {
  const begun = performance.now();
  const gaps = stores.map((store) => ({ store, count: writtenTo(store), at: begun, maxMs: 0 }));
  const timer = setInterval(() => {
    for (const gap of gaps) {
      const now = performance.now();
      gap.maxMs = Math.max(gap.maxMs, now - gap.at);
      const count = writtenTo(gap.store);
      if (count !== gap.count) Object.assign(gap, { count, at: now });
    }
  }, 20);
  try {
    await by();
    await Promise.all([rolledOut(), wait(observedSeconds * 1000)]);
  } finally {
    clearInterval(timer);
  }
  return Object.fromEntries(gaps.map(({ store, maxMs }) => [store, Math.round(maxMs / 100) / 10]));
}

/**
 * Repeats an interruption, after which all stores must accept writes again, and adds it to the table. Resolves with the times
 * that each store was interrupted for.
 */
async function repeat(
  name: string,
  interrupt: (n: number) => Promise<unknown>,
  rounds = repetitions,
): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = Object.fromEntries(stores.map((store) => [store, []]));
  for (let n = 0; n < rounds; n++) {
    for (const [store, seconds] of Object.entries(await interrupted(() => interrupt(n))))
      times[store]?.push(seconds);
    await untilWritten(0);
  }
  const columns = Object.entries(times).map(([store, seconds]) => `${store} ${seconds.join(" ")}`);
  table.push(`${name.padEnd(40)} ${columns.join(" | ")}`);
  return times;
}

function expectWithinLimits(store: string, seconds: number[] = [], limit = limits(store)): void {
  if (!isTimed) return;
  expect(percentile(seconds, 1)).toBeLessThanOrEqual(limit.longest);
  const middle = seconds.length < 3 ? 0 : median(seconds); // of one or two, the longest decides
  expect(middle).toBeLessThanOrEqual(limit.median);
}

const primaryOf = async (store: string): Promise<string> => {
  const printed = await kubectl(
    "exec",
    `${store}-0`,
    "--",
    "mongosh",
    "--quiet",
    "--eval",
    "db.hello().primary",
  );
  return printed.split(".")[0] ?? "";
};

async function leader(): Promise<string> {
  const report = "http://127.0.0.1:8222/jsz?streams=true";
  const { account_details }: { account_details: Account[] } = JSON.parse(
    await kubectl("exec", "jetstream-0", "--", "wget", "-q", "-O", "-", report),
  );
  const [stream] = account_details.flatMap(({ stream_detail }) => stream_detail);
  return stream?.cluster.leader ?? "";
}
interface Account {
  stream_detail: { cluster: { leader: string } }[];
}

const oneOfEach = (n: number, act: (pod: string) => Promise<void>) =>
  Promise.all(stores.map((store) => act(`${store}-${n % 3}`)));

const timeout = (repetitions + 1) * 600_000;

it.each(isTimed ? mongos : ["orders-mongo"])(
  "a new primary of %s is elected in time when the primary is killed",
  async (store) => {
    const times = await repeat(`${store}: primary killed`, async () => killServer(await primaryOf(store)));
    expectWithinLimits(store, times[store]);
  },
  timeout,
);

it(
  "a new leader of JetStream is elected in time when the leader is killed",
  async () => {
    const times = await repeat("jetstream: leader killed", async () => killServer(await leader()));
    expectWithinLimits("jetstream", times.jetstream);
  },
  timeout,
);

if (isTimed)
  it.each([0, 1, 2])(
    "the stream accepts events in time when jetstream-%i is killed",
    async (member) => {
      const pod = `jetstream-${member}`;
      const times = await repeat(`${pod} killed`, () => killServer(pod));
      expectWithinLimits("jetstream", times.jetstream);
    },
    timeout,
  );

it(
  "all stores accept writes again in time when one member of each is killed at once",
  async () => {
    const times = await repeat("one member of each killed", (n) => oneOfEach(n, killServer));
    // A payment follows an order and its event, and an event follows a write to a database: both wait for the others first.
    const following = ["payments-mongo", "jetstream"];
    for (const store of stores) {
      const limit = following.includes(store) ? { median: 15, longest: 15 } : limits(store);
      expectWithinLimits(store, times[store], limit);
    }
  },
  timeout,
);

it(
  "all stores accept writes again in time when one member of each is evicted",
  async () => {
    const times = await repeat("one member of each evicted", (n) => oneOfEach(n, evict));
    for (const store of stores) expectWithinLimits(store, times[store]);
  },
  timeout,
);

it(
  "all stores accept writes again in time during a rolling update",
  async () => {
    const update = async () => {
      for (const store of isTimed ? stores : ["orders-mongo"]) {
        await kubectl("rollout", "restart", `statefulset/${store}`);
        await kubectl("rollout", "status", `statefulset/${store}`, "--timeout=300s");
      }
    };
    const times = await repeat("rolling update", update, Math.ceil(repetitions / 2)); // each restarts three members
    for (const store of stores) expectWithinLimits(store, times[store]);
  },
  timeout,
);

it("has lost nothing that it acknowledged, keeps every invariant, and only refused requests temporarily", async () => {
  await stopLoad();
  process.stdout.write(`Seconds without a write:\n${table.join("\n")}\nacknowledged: ${log.summary()}\n`);
  process.stdout.write(`Responses: ${log.tally()}\n`);
  expect(log.payments.length).toBeGreaterThan(0);
  const sources = stackSources(() => events.events);
  expect(await lastingViolations(sources, { withinSeconds: 120 })).toEqual([]);
  expect(await lostWrites(log, await takeSnapshot(sources), { expirationSeconds: 10 })).toEqual([]); // of overlays/ci
  for (const name of databaseServices)
    expect(await database(name).collection("deadletters").countDocuments()).toBe(0);
  expect(log.statuses.filter((status) => !isTemporary(status))).toEqual([]);
}, 300_000);
