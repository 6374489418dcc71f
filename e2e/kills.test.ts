import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../infra/local/program";
import { serviceNames } from "../infra/services";
import { eventually } from "../common/src/testing/eventually";
import { paysByIntents } from "./payment-flow";
import {
  type Saga,
  buy,
  buyWith3DSecure,
  cancel,
  letExpire,
  slowly,
  payTooLate,
  reserve,
  sell,
} from "./sagas";
import { reservationSeconds } from "./reservation-seconds";
import { arm, disarmAll, isArmed, ready, serviceProcesses, setReservations } from "./stack";
import { stackViolations } from "./stack-violations";

const beforeAndAfter = (service: string, ...steps: string[]) =>
  steps.flatMap((step) => [`${service}.${step}.before`, `${service}.${step}.after`]);

const intentOperations = ["create", "confirm", "capture", "cancel", "retrieve"];

const sagasOfEach = 5;
interface Batch {
  what: string;
  sagas: Saga[];
  killedAt: string[];
  /** How long reservations last meanwhile. */
  reservedForSeconds?: number;
}

/** Events that a killed process has not acknowledged are redelivered after 10 s, and 3-D Secure takes two requests. */
const longReservationSeconds = 30;

const batches: Batch[] = [
  {
    what: "sell and reserve",
    sagas: [sell, reserve],
    killedAt: [
      ...beforeAndAfter("tickets", "save", "publish", "pull", "apply", "ack"),
      "tickets.derive.loaded",
      "tickets.derive.read",
      ...beforeAndAfter("orders", "apply", "ack", "save", "publish", "pull"),
      ...beforeAndAfter("payments", "apply", "ack"),
      ...beforeAndAfter("expiration", "schedule", "ack"),
    ],
  },
  {
    what: "cancel and expire",
    sagas: [cancel, letExpire],
    killedAt: [
      ...beforeAndAfter("expiration", "publish"),
      ...beforeAndAfter("orders", "ack", "save", "publish", "pull"),
      ...beforeAndAfter("tickets", "apply", "save", "pull"),
      ...beforeAndAfter("payments", "apply"),
    ],
  },
];

const killedWhilePaying = [
  ...beforeAndAfter("payments", "save", "publish", "pull", "ack"),
  ...beforeAndAfter("orders", "ack", "save", "publish"),
  ...beforeAndAfter("tickets", "save"),
];
const byCharges: Batch = {
  what: "pay in time and pay too late",
  sagas: [buy, payTooLate],
  reservedForSeconds: longReservationSeconds,
  killedAt: [...killedWhilePaying, ...beforeAndAfter("payments", "charge", "refund")],
};
const byIntents: Batch = {
  what: "pay in time, after 3-D Secure, and too late",
  sagas: [buy, buyWith3DSecure, payTooLate],
  reservedForSeconds: longReservationSeconds,
  killedAt: [
    ...killedWhilePaying,
    ...beforeAndAfter("orders", "apply"), // of the replica of payments
    ...beforeAndAfter("payments", ...intentOperations),
  ],
};

/**
 * On JetStream, only what differs from the run on NATS Streaming: the steps that call the broker or follow its deliveries,
 * and, because `npm test` pays with charges there, those of payments.
 */
const isKilledAt = (failpoint: string) =>
  process.env.BROKER !== "jetstream" || /^payments\.|\.(apply|publish|ack)\./.test(failpoint);

const restarts = () => serviceProcesses().reduce((sum, process) => sum + process.restarts, 0);

afterEach(async () => {
  disarmAll(); // failpoints left by a failed test would kill processes of the next one
  await Promise.all(serviceProcesses().map(({ name }) => ready(name)));
});

afterAll(() => setReservations(reservationSeconds.short));

const tested = [...batches, paysByIntents ? byIntents : byCharges].map((batch) => ({
  ...batch,
  killedAt: batch.killedAt.filter(isKilledAt),
}));

it.each(tested)(
  "completes the sagas $what when a process is killed at each failpoint",
  async ({ sagas, killedAt, reservedForSeconds }) => {
    expect(killedAt).not.toEqual([]);
    if (reservedForSeconds) await setReservations(reservedForSeconds);
    const begun = await Promise.all(sagas.flatMap((saga) => Array.from({ length: sagasOfEach }, saga)));
    const restartsBefore = restarts();
    for (const failpoint of killedAt) arm(failpoint);
    await Promise.all(begun.map((proceed) => proceed()));

    await eventually(() => expect(killedAt.filter(isArmed)).toEqual([]), slowly);
    expect(await stackViolations(slowly)).toEqual([]);
    await eventually(() => expect(restarts() - restartsBefore).toBe(killedAt.length), slowly);
  },
  600_000,
);

/** The services that have the failpoints of common. */
const takenBy: Record<string, string[]> = {
  save: ["tickets", "orders", "payments"],
  pull: ["tickets", "orders", "payments"],
  apply: ["tickets", "orders", "payments"],
  publish: ["tickets", "orders", "payments", "expiration"],
  ack: ["tickets", "orders", "payments", "expiration"],
};

/** No saga reaches it. Tests of the command cover it. */
const unreached = ["tickets.reindex.read"];

/** Their examples are not part of the program. */
const withoutDocComments = (source: string) => source.replaceAll(/^ *\/\*\*[^]*?\*\//gm, "");

it("covers every failpoint", () => {
  const sources = ["common", ...serviceNames].flatMap((folder) =>
    readdirSync(join(root, folder, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => readFileSync(join(root, folder, "src", file), "utf8")),
  );
  const written = sources.flatMap((source) =>
    [...withoutDocComments(source).matchAll(/failpoint\(["`](.+?)["`]\)/g)].map(([, name = ""]) => name),
  );
  const all = written.flatMap((name) => {
    if (name.includes("${operation}"))
      return intentOperations.map((each) => name.replace("${operation}", each));
    const [, step = "", side] = /^\$\{.+\}\.(\w+)\.(\w+)$/.exec(name) ?? [];
    return side ? (takenBy[step] ?? ["?"]).map((service) => `${service}.${step}.${side}`) : [name];
  });
  const killedAt = [...batches, byCharges, byIntents].flatMap((batch) => batch.killedAt);
  expect([...new Set([...killedAt, ...unreached])].toSorted()).toEqual([...new Set(all)].toSorted());
});
