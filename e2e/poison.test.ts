import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type Subject, subjects } from "@eventhive/common";
import { eventBytes, newId, newIds } from "@eventhive/common/testing";
import { mongo } from "mongoose";
import { traffic } from "../common/src/contract/asyncapi";
import type { StackProcess } from "../infra/local/stack-file";
import { type Order, bodyOf, newUser } from "./client";
import { eventually } from "../common/src/testing/eventually";
import { connectBus } from "../common/src/messaging/connect-bus";
import { type DeadLetter, deadLettersOf } from "./dead-letters";
import { orderOf, ticketOnSale } from "./setup";
import { lagsOf } from "./replication-lag";
import { database, serviceProcesses, stackFile } from "./stack";
import { stackViolations } from "./stack-violations";
import { median } from "./statistics";

interface Poison {
  subject: Subject;
  bytes: Buffer;
  /** The service whose handler throws. If missing, no listener can parse the message. */
  refusedBy?: string;
}

const orderEvents: Subject[] = ["order:created", "order:cancelled", "order:completed"];
const services = [...new Set(Object.values(traffic).flatMap(({ to }) => to))];

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const envelope = (type: Subject, data: object) => {
  const time = new Date().toISOString();
  return { specversion: "1.0", id: randomUUID(), source: "e2e", type, subject: newId(), time, data };
};

/** Invalid JSON, or the wrong shape for the subject. All are different: equal bytes are stored only once. */
const unreadable = (subject: Subject): Poison[] =>
  [
    randomBytes(9),
    randomBytes(100),
    randomBytes(100_000),
    Buffer.from(`<p>${randomUUID()}</p>`),
    bytesOf(envelope(subject, {})).subarray(0, -1),
    bytesOf(randomUUID()),
    bytesOf({ id: randomUUID() }),
    bytesOf(envelope(subject, {})),
    bytesOf(envelope(subject, { id: newId(), orderId: 1, version: -1, price: "free" })),
    bytesOf(envelope(subject === "order:created" ? "ticket:created" : "order:created", { orderId: newId() })),
  ].map((bytes) => ({ subject, bytes }));

/** Handlers throw on these: events of an order whose ticket was lost, and of one that never existed. */
function refused(orderOfLostTicket: Order): Poison[] {
  const orderId = newId();
  const money = { stripeId: "ch_1", amount: 2000, currency: "usd", state: "charged" } as const;
  const payment = { id: newId(), version: 1, orderId, userId: newId(), ...money };
  return [
    ...orderEvents.map((subject) => ({
      subject,
      bytes: eventBytes(subject, orderOfLostTicket),
      refusedBy: "tickets",
    })),
    { subject: "payment:created", bytes: eventBytes("payment:created", payment), refusedBy: "orders" },
    {
      subject: "expiration:complete",
      bytes: eventBytes("expiration:complete", { orderId }),
      refusedBy: "orders",
    },
  ];
}

const allLetters = async () =>
  new Map(
    await Promise.all(services.map(async (service) => [service, await deadLettersOf(service)] as const)),
  );

describe("poison among 1,000 valid events", () => {
  let processes: StackProcess[];
  let lettersBefore: Map<string, DeadLetter[]>;
  let poison: Poison[];
  const usual: number[] = [];
  const poisoned: number[] = [];

  beforeAll(async () => {
    const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
    const ticket = await ticketOnSale(seller);
    const order = await orderOf(buyer, ticket);
    await bodyOf(buyer.pay(order));
    await eventually(async () =>
      expect(await bodyOf(buyer.ticket(ticket))).toMatchObject({ status: "sold" }),
    );
    poison = [...subjects.flatMap(unreadable), ...refused(await bodyOf(buyer.showOrder(order)))];
    processes = serviceProcesses();
    lettersBefore = await allLetters();

    usual.push(...(await lagsOf(30)));
    const tickets = database("tickets").collection("tickets");
    const lost = await tickets.findOneAndDelete({ _id: new mongo.ObjectId(ticket.id) });
    await Promise.all([lagsOf(100).then((lags) => poisoned.push(...lags)), publishAll(poison)]);
    usual.push(...(await lagsOf(30)));
    if (lost) await tickets.insertOne(lost);
  }, 120_000);

  it("does not delay valid events", () => {
    expect(poisoned).toHaveLength(500);
    // Twice the lag is still less than the second after which a failed message is retried.
    expect(median(poisoned)).toBeLessThan(2 * median(usual) + 20);
  });

  it.each(services)("is stored by %s byte for byte", async (service) => {
    const known = new Set(lettersBefore.get(service)?.map(({ id }) => id));
    const expected = poison
      .filter(
        ({ subject, refusedBy = service }) => traffic[subject].to.includes(service) && refusedBy === service,
      )
      .map(({ subject, bytes }) => `${subject} ${bytes.toString("base64")}`)
      .toSorted();
    await eventually(async () => {
      const kept = (await deadLettersOf(service)).filter(({ id }) => !known.has(id));
      expect(kept.map(({ subject, bytes }) => `${subject} ${bytes}`).toSorted()).toEqual(expected);
    });
  });

  it("crashes no process", () => {
    expect(serviceProcesses()).toEqual(processes);
  });

  it("violates no invariant", async () => {
    expect(await stackViolations()).toEqual([]);
  });
});

/** Publishes directly to the broker, all subjects interleaved, within a second or two. */
async function publishAll(poison: Poison[]): Promise<void> {
  process.env.NATS_URL = stackFile().servers.nats;
  const bus = connectBus("stranger");
  await eventually(() => expect(bus.isConnected).toBe(true));
  for (const { subject, bytes } of poison.toSorted(() => Math.random() - 0.5)) {
    await bus.publish(subject, bytes, newIds());
    await wait(20);
  }
  await bus.close();
}
