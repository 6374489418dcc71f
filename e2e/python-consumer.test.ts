import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { EventData } from "@eventhive/common";
import { eventBytes, newId, newIds } from "@eventhive/common/testing";
import { connectBus } from "../common/src/messaging/connect-bus";
import { eventually } from "../common/src/testing/eventually";
import { type Run, root, run } from "../infra/local/program";
import { type Client, type Ticket, bodyOf, newUser } from "./client";
import { pythonEnvironment } from "./python-environment";
import { orderOf, replicated } from "./setup";
import { kill, stackFile, start, stop } from "./stack";
import { stackViolations } from "./stack-violations";

// On JetStream only: see examples/python-consumer/README.md.

const example = join(root, "examples/python-consumer");
const folder = mkdtempSync(join(tmpdir(), "eventhive-python-"));
const replica = join(folder, "tickets.db");
/** It waits for the broker's restart and for redeliveries. */
const slowly = { withinSeconds: 60 };

let python: string;
let consumer: Run;
let seller: Client;
let buyer: Client;

beforeAll(async () => {
  python = await pythonEnvironment(join(example, "requirements.txt"));
  startConsumer();
  [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
}, 600_000);

afterAll(async () => {
  await consumer?.stop("SIGKILL", 0);
  rmSync(folder, { recursive: true });
});

function startConsumer(): void {
  const environment = { ...process.env, NATS_URL: stackFile().servers.nats, REPLICA: replica };
  consumer = run(
    {
      name: "python-consumer",
      kind: "service",
      url: "",
      log: join(folder, "consumer.log"),
      command: () => [python, join(example, "consumer.py")],
      environment,
      isReady: () => true,
    },
    "",
  );
}

function rows<Row>(query: string, ...values: string[]): Row[] {
  const database = new DatabaseSync(replica, { readOnly: true });
  try {
    return database.prepare(query).all(...values) as Row[];
  } finally {
    database.close();
  }
}

function replicaOf({ id }: { id: string }): EventData<"ticket:created"> | undefined {
  const [row] = rows<{ data: string }>("SELECT data FROM tickets WHERE id = ?", id);
  return row && JSON.parse(row.data);
}

const untilReplicated = ({ createdAt: _, ...ticket }: Ticket) =>
  eventually(() => {
    if (!consumer.isAlive()) throw new Error(`The consumer ended:\n${consumer.printed()}`);
    expect(replicaOf(ticket)).toEqual(ticket);
  }, slowly);

const edit = (ticket: Ticket, price: number) => bodyOf(seller.edit(ticket, { title: ticket.title, price }));

/** As another service would, directly on the broker, in this order. */
async function publish(...messages: Buffer[]): Promise<void> {
  process.env.NATS_URL = stackFile().servers.nats;
  const bus = connectBus("stranger");
  await eventually(() => expect(bus.isConnected).toBe(true));
  for (const bytes of messages) await bus.publish("ticket:updated", bytes, newIds());
  await bus.close();
}

it("keeps a replica of each ticket", async () => {
  const ticket = await bodyOf(seller.sell("Jazz at the Boathouse", 19.99));
  await untilReplicated(ticket);
  await untilReplicated(await edit(ticket, 25));
  const order = await orderOf(buyer, await replicatedInOrders(ticket, 25));
  await eventually(async () => {
    const now = await bodyOf(seller.ticket(ticket));
    expect(now).toMatchObject({ status: "reserved", orderId: order.id });
    await untilReplicated(now);
  }, slowly);
});

async function replicatedInOrders(ticket: Ticket, price: number): Promise<Ticket> {
  const now = await bodyOf(seller.ticket(ticket));
  expect(now.price).toBe(price);
  await replicated("orders", "tickets", now);
  return now;
}

it("applies no older event", async () => {
  const ticket = await edit(await bodyOf(seller.sell("Chamber music", 20)), 30);
  await untilReplicated(ticket);
  const { createdAt: _, ...state } = ticket;
  await publish(eventBytes("ticket:updated", { ...state, version: 0, price: 20 })); // late
  await untilReplicated(await edit(await bodyOf(seller.sell("Published later", 20)), 30));
  expect(replicaOf(ticket)).toMatchObject({ version: ticket.version, price: 30 });
});

it("keeps messages that violate the schema, and continues", async () => {
  const id = newId();
  const state = { id, version: 0, title: "Broken", price: 1, userId: newId(), withdrawn: false } as const;
  const valid = eventBytes("ticket:updated", { ...state, status: "available" });
  const invalid = [
    Buffer.from(randomUUID()),
    Buffer.from([0xff, 0xfe]),
    Buffer.from("[".repeat(100_000)),
    Buffer.from(valid.toString().replace('"available"', '"lost"')),
    Buffer.from(valid.toString().replace('"ticket:updated"', '"ticket:created"')),
  ];
  await publish(...invalid);
  await untilReplicated(await edit(await bodyOf(seller.sell("Published later", 20)), 30));
  const letters = rows<{ bytes: Uint8Array }>("SELECT bytes FROM dead_letters");
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  expect(letters.map(({ bytes }) => hex(bytes)).toSorted()).toEqual(invalid.map(hex).toSorted());
  expect(replicaOf({ id })).toBeUndefined();
});

it("continues after the broker was killed, and after an outage", async () => {
  const ticket = await bodyOf(seller.sell("Before", 20));
  await kill("nats");
  await untilReplicated(await edit(ticket, 30));

  await stop("nats");
  const during = await Promise.all([edit(ticket, 40), bodyOf(seller.sell("During", 20))]);
  await start("nats");
  for (const one of during) await untilReplicated(one);
  await untilReplicated(await edit(ticket, 50));
  expect(consumer.isAlive()).toBe(true);
});

it("receives what it missed while it was killed", async () => {
  const ticket = await bodyOf(seller.sell("Before", 20));
  await consumer.stop("SIGKILL", 0);
  const missed = await Promise.all([edit(ticket, 30), bodyOf(seller.sell("Missed", 20))]);
  startConsumer();
  for (const one of missed) await untilReplicated(one);
});

it("ends in the same state as tickets, without affecting any service", async () => {
  expect(await stackViolations()).toEqual([]);
  const own = rows<{ id: string }>("SELECT id FROM tickets");
  expect(own.length).toBeGreaterThan(0);
  for (const { id } of own) {
    const { createdAt: _, ...state } = await bodyOf(seller.ticket({ id }));
    await eventually(() => expect(replicaOf({ id })).toEqual(state), slowly);
  }
});
