import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";
import { serviceNames } from "../../infra/local/programs";
import { dataFolder } from "../data-folder";
import { eventually } from "../../common/test/eventually";
import { fault, kill, processNamed, run, setClock, stackFile, start, stop } from "../stack";
import type { Random } from "../random";

const services = serviceNames.flatMap((service) => [`${service}-1`, `${service}-2`]);

interface Card {
  kind: string;
  victims: string[];
  /** Resolves when it is over and its victim serves again. */
  inject: (victim: string) => Promise<void>;
}

const killed: Card = { kind: "kill -9", victims: [...services, "nats", "stripe"], inject: kill };
const freezing: Omit<Card, "victims"> = { kind: "SIGSTOP for 20 s", inject: freeze };
const stopped: Card = {
  ...freezing,
  victims: [...services, "nats", "redis", "stripe"],
};

/** What can go wrong, and how often: two minutes are long enough for each once. */
const deck: Card[] = [
  killed,
  killed,
  killed,
  stopped,
  stopped,
  { ...freezing, victims: ["mongo"] },
  { kind: "broker restarted", victims: ["nats"], inject: restart },
  { kind: "broker wiped + republish", victims: ["nats"], inject: wipe },
  { kind: "Redis kill -9", victims: ["redis"], inject: kill },
  { kind: "Redis flushed", victims: ["redis"], inject: flush },
  { kind: "mongod kill -9", victims: ["mongo"], inject: kill },
  { kind: "sandbox loses answers", victims: ["stripe"], inject: loseAnswers },
  { kind: "sandbox refuses, cuts and fails charges and refunds", victims: ["stripe"], inject: failPayments },
  { kind: "sandbox charges 8 s late", victims: ["stripe"], inject: chargeLate },
  { kind: "clock 5 s ahead", victims: services, inject: (name) => setClock(name, "ahead") },
  { kind: "clock 5 s behind", victims: services, inject: (name) => setClock(name, "behind") },
];
const secondsForEach = 6;
const quietAtTheEndSeconds = 30;

export interface Fault extends Pick<Card, "kind" | "inject"> {
  atSeconds: number;
  victim: string;
}

/** Each of these ends one process of a service, which the runner starts again. */
export const endsAService = ({ kind, victim }: Fault): boolean =>
  services.includes(victim) && (kind === "kill -9" || kind.startsWith("clock"));

/** As many decks of faults as fit, each dealt out before the next, so that no kind is left to luck. */
export function planOf(lengthSeconds: number, random: Random): Fault[] {
  const count = Math.floor((lengthSeconds - quietAtTheEndSeconds) / secondsForEach);
  const decks = Array.from({ length: Math.ceil(count / deck.length) }, () => shuffled(deck, random));
  return decks
    .flat()
    .slice(0, count)
    .map(({ kind, victims, inject }, place) => ({
      atSeconds: Math.round(5 + secondsForEach * place + random.below(secondsForEach)),
      kind,
      victim: random.oneOf(victims),
      inject,
    }));
}

function shuffled(cards: Card[], random: Random): Card[] {
  const places = cards.map((card) => ({ card, place: random.below(2 ** 32) }));
  return places.toSorted((one, other) => one.place - other.place).map(({ card }) => card);
}

/** Resolves when all is over. Faults overlap, but those of the same victim wait for each other. */
export async function carryOut(plan: Fault[], onEnd: () => void): Promise<void> {
  const turns = new Map<string, Promise<void>>();
  await Promise.all(
    plan.map(async ({ atSeconds, victim, inject }) => {
      await wait(atSeconds * 1000);
      const turn = Promise.resolve(turns.get(victim)).then(() => inject(victim));
      turns.set(victim, turn);
      await turn;
      onEnd();
    }),
  );
}

async function freeze(name: string): Promise<void> {
  const { pid } = processNamed(name);
  process.kill(pid, "SIGSTOP");
  await wait(20_000);
  process.kill(pid, "SIGCONT");
}

async function restart(name: string): Promise<void> {
  await stop(name);
  await start(name);
}

let wiped = 0;

/** Where the stores went that brokers lost: the checker reads what they knew. */
export const lostStores = (): string[] =>
  Array.from({ length: wiped }, (_, n) => join(dataFolder(), `wiped-${n + 1}`));

async function wipe(name: string): Promise<void> {
  await stop(name);
  const aside = join(dataFolder(), `wiped-${++wiped}`);
  mkdirSync(aside);
  renameSync(join(dataFolder(), name), join(aside, name));
  await start(name);
  // As its operator would: again, when something else is away at the moment.
  for (const service of ["tickets", "orders", "payments"])
    await eventually(() => run(service, "republish"), { withinSeconds: 60, intervalMs: 1000 });
}

async function flush(): Promise<void> {
  const redis = new Redis(stackFile().servers.redis, { maxRetriesPerRequest: null });
  await redis.flushall();
  redis.disconnect();
}

async function failPayments(): Promise<void> {
  await fault({ kind: "fail", operation: "charge", status: 429, beforeWork: true, times: 6 });
  await fault({ kind: "lose", operation: "charge", beforeWork: true, times: 3 });
  await fault({ kind: "fail", operation: "charge", times: 2 });
  await fault({ kind: "fail", operation: "charge", afterWork: true, times: 2 });
  await fault({ kind: "fail", operation: "refund", times: 2 });
  await fault({ kind: "fail", operation: "refund", afterWork: true, times: 2 });
}

// Longer than an order lives: each of these charges belongs to an order that is over.
async function chargeLate(): Promise<void> {
  await fault({ kind: "late", operation: "charge", milliseconds: 8000, times: 3 });
}

// Stripe's library repeats refunds and reads once when a connection breaks: two lost answers are one that nobody hears.
async function loseAnswers(): Promise<void> {
  await fault({ kind: "lose", operation: "charge", times: 6 });
  await fault({ kind: "lose", operation: "refund", times: 4 });
  await fault({ kind: "lose", operation: "read", times: 2 });
}
