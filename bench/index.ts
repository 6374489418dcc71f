import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client, bodyOf } from "../e2e/client";
import { eventually } from "../common/src/testing/eventually";
import { allDeadLetters } from "../e2e/dead-letters";
import { raisedLimits } from "../e2e/raised-limits";
import { stackFile } from "../e2e/stack";
import { startStack } from "../e2e/start-stack";
import { root } from "../infra/local/program";
import { serviceNames } from "../infra/services";
import type { Curve } from "./chart";
import { frontPage } from "./front-page";
import { latency } from "./latency";
import { livePages } from "./live-pages";
import { loadCurve } from "./load-curve";
import { type PerProcess, machine, measureRest, memoryMiB, untilIdle } from "./machine";
import type { Part, Sections, Size } from "./part";
import { perProcessRow, writeResults } from "./report";
import { requests } from "./requests";
import { rush } from "./rush";
import { seedTickets } from "./seed";
import { scrypt } from "./scrypt";
import { signUp } from "./sign-up";
import { startBare } from "./start-bare";
import { stock } from "./stock";
import { reservationSeconds, units } from "./units";

// Measures a production build through the gateway, with one process of each service, in turn with a bare server. Latency
// is measured with two of each as well: then the process that a request waits in rarely receives the event it waits for.
//
//   npm run bench                         all of it, into bench/results.*
//   npm run bench -- --short              in at most 3 minutes on an idle machine, into .eventhive/bench
//   npm run bench -- --short units rush   only these parts

const parts: Record<string, Part> = {
  requests,
  latency,
  loadCurve,
  units,
  frontPage,
  rush,
  livePages,
  stock,
  scrypt,
};

const full: Size = {
  rounds: 5,
  seconds: 2,
  units: 500,
  trades: 200,
  connections: [1, 2, 4, 8, 16, 32, 64],
  stock: [1_000, 10_000, 100_000],
  livePages: [500, 2_000],
};
const short: Size = {
  rounds: 2,
  seconds: 1,
  units: 200,
  trades: 40,
  connections: [1, 4, 16, 64],
  stock: [1_000, 10_000],
  livePages: [500],
};

const userCount = 200;

/** Reservations must not end by themselves, and all pages come from one address. No failpoints, as in production. */
const settings = {
  REPLICAS: "1",
  EXPIRATION_SECONDS: String(reservationSeconds),
  FAILPOINTS_DIR: "",
  MAX_STREAMS: "10000",
  MAX_STREAMS_PER_NETWORK: "10000",
  MAX_STREAMS_PER_SITE: "10000",
};

async function measure(size: Size, chosen: string[]): Promise<{ sections: Sections; curves: Curve[] }> {
  const { url } = stackFile();
  await pause(5_000);
  await measureRest();
  const memoryAtRest = memoryMiB();

  // One of each, to be cloned and copied.
  const users = await signUp(url, userCount);
  const [seller, buyer] = users.map(({ cookie }) => new Client(url, cookie));
  if (!seller || !buyer) throw new Error("No user signed up");
  const { id: ticketId } = await bodyOf(seller.sell("Benchmark at the Blue Note", 20));
  const sample = await bodyOf(seller.sell("Benchmark at the Blue Note", 20));
  await eventually(() => bodyOf(buyer.order(sample)));
  await untilIdle();

  const bare = await startBare();
  await seedTickets(50);
  const bench = { url, bareUrl: bare.url, size, users, ticketId };
  const sections: Sections = {};
  const curves: Curve[] = [];
  for (const name of chosen) {
    console.log(name, "…");
    Object.assign(sections, await parts[name]?.(bench, curves));
    await checkDeadLetters(name);
  }
  bare.stop();
  sections[memoryTitle] = [
    perProcessRow("at rest", memoryAtRest),
    perProcessRow("the five services at rest", servicesOf(memoryAtRest), "≤ 381 (400 MB)"),
    perProcessRow("afterwards", memoryMiB()),
  ];
  return { sections, curves };
}

/** An event that no listener accepts has none of the effects that are measured. */
async function checkDeadLetters(part: string): Promise<void> {
  const [first] = await allDeadLetters();
  if (first)
    throw new Error(`The part ${part} caused dead letters, of which the first says: ${first.reason}`);
}

const memoryTitle = "Memory, PSS in MiB (sum without stripe, the sandbox)";

/** Without the gateway, the pages, the stores and the bare server. */
const servicesOf = (memory: PerProcess): PerProcess =>
  Object.fromEntries(Object.entries(memory).filter(([name]) => serviceNames.includes(name)));

/** On a stack of its own. */
async function measureOn(stack: typeof settings, size: Size, chosen: string[]) {
  await startStack(stack);
  try {
    return await measure(size, chosen);
  } finally {
    await globalThis.stopStack?.();
  }
}

async function run(): Promise<void> {
  const words = process.argv.slice(2);
  const isShort = words.includes("--short");
  const named = words.filter((word) => word !== "--short");
  const unknown = named.find((name) => !(name in parts));
  if (unknown) throw new Error(`There is no part ${unknown}: name some of ${Object.keys(parts).join(", ")}`);

  const about = {
    run: [isShort ? "short" : "full", ...named].join(", "),
    settings: JSON.stringify({ ...raisedLimits, ...settings }),
    ...machine(),
  };
  const size = isShort ? short : full;
  const chosen = named.length > 0 ? named : Object.keys(parts);
  const { sections, curves } = await measureOn(settings, size, chosen);
  if (chosen.includes("latency")) {
    const { [memoryTitle]: _, ...ofTwo } = (
      await measureOn({ ...settings, REPLICAS: "2" }, size, ["latency"])
    ).sections;
    for (const [title, rows] of Object.entries(ofTwo)) sections[`${title}, two processes of each`] = rows;
  }
  const isComplete = !isShort && named.length === 0;
  writeResults(isComplete ? __dirname : join(root, ".eventhive/bench"), { about, sections, curves });
}

run().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
