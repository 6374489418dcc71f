import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { clock } from "@eventhive/common";
import { Redis } from "ioredis";
import { mongoMembers } from "../../infra/local/programs";
import { databaseServices, serviceNames } from "../../infra/services";
import { brokerFolder, dataFolder } from "../data-folder";
import { eventually } from "../../common/src/testing/eventually";
import type { Intent } from "../../infra/stripe-sandbox/ledger";
import { paysByIntents } from "../payment-flow";
import {
  type Operation,
  database,
  deliverWebhooks,
  endFaults,
  fault,
  freeze,
  happenToIntent,
  kill,
  ledger,
  run,
  serverProcesses,
  setClock,
  signal,
  stackFile,
  start,
  stop,
} from "../stack";
import type { Random } from "../random";

/** All requests to Stripe that change something. */
const requests: Operation[] = paysByIntents
  ? ["payment-method", "intent", "confirm", "capture", "cancel"]
  : ["charge", "refund"];

const services = serviceNames.flatMap((service) => [`${service}-1`, `${service}-2`]);

interface FaultKind {
  kind: string;
  victims: string[];
  /** Resolves when the fault is over and its victim is ready. */
  inject: (victim: string) => Promise<void>;
}

const killed: FaultKind = { kind: "kill -9", victims: [...services, "nats", "stripe"], inject: kill };
const freezing: Omit<FaultKind, "victims"> = { kind: "SIGSTOP for 20 s", inject: freezeFor20s };
const stopped: FaultKind = {
  ...freezing,
  victims: [...services, "nats", "redis", "stripe"],
};

const ofMongo: FaultKind[] = [
  { ...freezing, victims: ["mongo"] },
  { kind: "mongod kill -9", victims: ["mongo"], inject: kill },
];
const ofPrimary: FaultKind[] = [
  {
    kind: "primary SIGSTOP for 20 s",
    victims: ["primary"],
    inject: async () => freezeFor20s(await primary()),
  },
  { kind: "primary kill -9", victims: ["primary"], inject: async () => kill(await primary()) },
];

/** Each kind, as often as its weight. Two minutes are long enough for all of them. */
const faultKinds: FaultKind[] = [
  killed,
  killed,
  killed,
  stopped,
  stopped,
  ...(mongoMembers(process.env) > 1 ? ofPrimary : ofMongo),
  { kind: "broker restarted", victims: ["nats"], inject: restart },
  { kind: "broker wiped + republish", victims: ["nats"], inject: wipe },
  { kind: "Redis kill -9", victims: ["redis"], inject: kill },
  { kind: "Redis flushed", victims: ["redis"], inject: flush },
  { kind: "sandbox loses responses", victims: ["stripe"], inject: loseResponses },
  { kind: "sandbox rejects, drops and fails requests", victims: ["stripe"], inject: failRequests },
  { kind: "sandbox executes requests 8 s late", victims: ["stripe"], inject: executeLate },
  ...(paysByIntents
    ? [
        { kind: "sandbox refuses a capture permanently", victims: ["stripe"], inject: refuseCapture },
        { kind: "captures stay processing for 10 s", victims: ["stripe"], inject: delayCaptures },
        { kind: "holds canceled in the dashboard for 5 s", victims: ["stripe"], inject: cancelHolds },
        {
          kind: "webhooks lost, late, doubled, reordered and forged for 25 s",
          victims: ["stripe"],
          inject: disturbWebhooks,
        },
      ]
    : []),
  { kind: "clock 5 s ahead", victims: services, inject: (name) => setClock(name, "ahead") },
  { kind: "clock 5 s behind", victims: services, inject: (name) => setClock(name, "behind") },
];
const secondsPerFault = 5;
const quietAtTheEndSeconds = 20;
/** From one fault of MongoDB to the next, which leaves 10 s after the longest: without a database, no order ever expires. */
const secondsPerMongoFault = 30;
const isOfMongo = (victim: string): boolean => ["mongo", "primary"].includes(victim);

export interface ChaosFault extends Pick<FaultKind, "kind" | "inject"> {
  atSeconds: number;
  victim: string;
}

/** Whether MongoDB, or its primary, does not respond while the fault lasts. */
export const freezesMongo = ({ kind, victim }: Pick<Injected, "kind" | "victim">): boolean =>
  kind.includes("SIGSTOP") && isOfMongo(victim);

/** Whether requests wait for a frozen process while the fault lasts, however short the timeouts of services are. */
export const freezesResponses = ({ kind, victim }: Pick<Injected, "kind" | "victim">): boolean =>
  kind.includes("SIGSTOP") && ["stripe", ...services].includes(victim);

/** Whether the fault kills a process of a service, which the runner then restarts. */
export const killsService = ({ kind, victim }: ChaosFault): boolean =>
  services.includes(victim) && (kind === "kill -9" || kind.startsWith("clock"));

/**
 * Repeats a shuffled list of all kinds, or of those whose name contains `only`, so that every kind occurs. Delays faults of
 * MongoDB that would follow each other too soon, and leaves out those that would start after the end.
 */
export function planFaults(lengthSeconds: number, random: Random, only = ""): ChaosFault[] {
  const count = Math.floor((lengthSeconds - quietAtTheEndSeconds) / secondsPerFault);
  const kinds = faultKinds.filter(({ kind }) => kind.includes(only));
  if (kinds.length === 0)
    throw new Error(`There is no fault "${only}": it needs MONGO_MEMBERS=3 if it is of a primary`);
  const rounds = Array.from({ length: Math.ceil(count / kinds.length) }, () => shuffled(kinds, random));
  let mongoFrom = 0;
  return rounds
    .flat()
    .slice(0, count)
    .map(({ kind, victims, inject }, index) => {
      const victim = random.oneOf(victims);
      const planned = Math.round(5 + secondsPerFault * index + random.below(secondsPerFault));
      const atSeconds = isOfMongo(victim) ? Math.max(planned, mongoFrom) : planned;
      if (isOfMongo(victim)) mongoFrom = atSeconds + secondsPerMongoFault;
      return { atSeconds, kind, victim, inject };
    })
    .filter(({ atSeconds }) => atSeconds <= lengthSeconds);
}

function shuffled(kinds: FaultKind[], random: Random): FaultKind[] {
  const keyed = kinds.map((kind) => ({ kind, key: random.below(2 ** 32) }));
  return keyed.toSorted((one, other) => one.key - other.key).map(({ kind }) => kind);
}

export interface Injected {
  kind: string;
  victim: string;
  /** Milliseconds since 1970. */
  from: number;
  until: number;
}

/** Resolves when all faults are over. Faults overlap, except those of the same victim. */
export async function injectAll(plan: ChaosFault[], onEnd: () => void): Promise<Injected[]> {
  const lastOf = new Map<string, Promise<Injected>>();
  return Promise.all(
    plan.map(async ({ atSeconds, kind, victim, inject }) => {
      await wait(atSeconds * 1000);
      const injected = Promise.resolve(lastOf.get(victim)).then(async () => {
        const from = clock.now();
        await inject(victim);
        return { kind, victim, from, until: clock.now() };
      });
      lastOf.set(victim, injected);
      await injected;
      onEnd();
      return injected;
    }),
  );
}

/** The name of the server that is the primary now. */
async function primary(): Promise<string> {
  const { me } = await database("orders").admin().command({ hello: 1 });
  const found = serverProcesses().find(({ url }) => url === `mongodb://${me}`);
  if (!found) throw new Error(`No server runs at ${me}`);
  return found.name;
}

async function freezeFor20s(name: string): Promise<void> {
  await freeze(name);
  await wait(20_000);
  signal(name, "SIGCONT");
}

async function restart(name: string): Promise<void> {
  await stop(name);
  await start(name);
}

let wiped = 0;

/** The folders that wiped broker logs were moved to. */
export const lostStores = (): string[] =>
  Array.from({ length: wiped }, (_, n) => join(dataFolder(), `wiped-${n + 1}`));

async function wipe(name: string): Promise<void> {
  await stop(name);
  const aside = join(dataFolder(), `wiped-${++wiped}`);
  mkdirSync(aside);
  renameSync(join(dataFolder(), brokerFolder()), join(aside, brokerFolder()));
  await start(name);
  // Like an operator: retries while another dependency is down.
  for (const service of databaseServices)
    await eventually(() => run(service, "republish"), { withinSeconds: 60, intervalMs: 1000 });
}

async function flush(): Promise<void> {
  const redis = new Redis(stackFile().servers.redis, { maxRetriesPerRequest: null });
  await redis.flushall();
  redis.disconnect();
}

async function failRequests(): Promise<void> {
  for (const operation of requests) {
    await fault({ kind: "fail", operation, status: 429, beforeWork: true, times: 3 });
    await fault({ kind: "lose", operation, beforeWork: true, times: 3 });
    await fault({ kind: "fail", operation, times: 2 });
    await fault({ kind: "fail", operation, afterWork: true, times: 2 });
  }
}

// Longer than a reservation: each of these requests belongs to an order that has ended, unless it was granted.
async function executeLate(): Promise<void> {
  for (const operation of requests)
    if (operation !== "refund") await fault({ kind: "late", operation, milliseconds: 8000, times: 3 });
}

async function refuseCapture(): Promise<void> {
  await fault({ kind: "refuse", operation: "capture" });
}

/** Half of them succeed then, the others fail. */
async function delayCaptures(): Promise<void> {
  await fault({ kind: "processing", operation: "capture", times: 6 });
  await wait(10_000);
  await endFaults("capture");
  for (const [index, { id }] of (await intentsThatAre("processing")).entries())
    await happenToIntent(id, index % 2 === 0 ? "end-processing" : "fail-processing");
}

async function cancelHolds(): Promise<void> {
  for (const end = clock.now() + 5000; clock.now() < end; await wait(100))
    for (const { id } of await intentsThatAre("requires_capture"))
      await happenToIntent(id, "lapse").catch(() => undefined); // captured or voided meanwhile
}

const intentsThatAre = async (wanted: Intent["status"]): Promise<Intent[]> =>
  (await ledger()).intents.filter(({ status }) => status === wanted);

async function disturbWebhooks(): Promise<void> {
  for (const delivery of ["lost", "late", "doubled", "reordered", "forged"] as const) {
    await deliverWebhooks(delivery);
    await wait(5_000);
  }
  await deliverWebhooks("once");
}

// Stripe's library retries refunds and reads once after a connection error, so two responses must be lost.
async function loseResponses(): Promise<void> {
  for (const operation of requests) await fault({ kind: "lose", operation, times: 4 });
  await fault({ kind: "lose", operation: "read", times: 2 });
}
