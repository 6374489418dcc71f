import { setTimeout as wait } from "node:timers/promises";
import type { mongo } from "mongoose";
import { eventually } from "../common/src/testing/eventually";
import { type Client, type Order, type Ticket, bodyOf, newAccount, newUser, password } from "./client";
import { useOwnStack } from "./own-stack";
import { orderOf, ticketOnSale } from "./setup";
import { database, run, serviceProcesses, start, stop } from "./stack";
import { stackViolations } from "./stack-violations";

// Follows "Restore a database" in docs/operating.md.
const services = ["tickets", "orders", "payments"];

// Its own stack: a rebuild would include the forged events that other tests have published on the shared one.
useOwnStack({ EXPIRATION_SECONDS: "60" }); // copying may take longer than the usual 5 s

// Each service follows users, and a rebuild waits for 5 s before it considers a channel of NATS Streaming empty.
beforeAll(async () => {
  const [admin, banned, leaver] = [
    await newAccount("admin"),
    await newAccount("banned"),
    await newAccount("leaver"),
  ];
  await run("auth", "grant-admin", admin.email);
  const ban = `/api/users/${banned.id}/ban`;
  await bodyOf(admin.client.send("POST", ban, { reason: "Sells forged tickets" }));
  await bodyOf(admin.client.send("DELETE", ban));
  await bodyOf(admin.client.send("DELETE", "/api/users/sessions"));
  await bodyOf(leaver.client.send("POST", "/api/users/deletion", { password }));
});

type Copy = Map<string, mongo.Document[]>;

async function copyOf(service: string): Promise<Copy> {
  const collections = await database(service).collections();
  return new Map(
    await Promise.all(
      collections.map(async (one): Promise<[string, mongo.Document[]]> => [
        one.collectionName,
        await one.find().toArray(),
      ]),
    ),
  );
}

/** Deletes everything that is not in the copy. */
async function restore(service: string, copy: Copy): Promise<void> {
  for (const collection of await database(service).collections()) {
    await collection.deleteMany();
    const documents = copy.get(collection.collectionName) ?? [];
    if (documents.length > 0) await collection.insertMany(documents);
  }
}

interface Trade {
  seller: Client;
  buyer: Client;
  ticket: Ticket;
}

/**
 * Keeps the other services busy until `work` is done, so that the subjects of the restored service receive events.
 */
async function whileInUse<T>(service: string, { seller, buyer, ticket }: Trade, work: () => Promise<T>) {
  let isDone = false;
  const working = work().finally(() => {
    isDone = true;
  });
  let published = 0;
  for (let price = 10; !isDone; price = price === 10 ? 11 : 10) {
    await wait(100); // leaves the processor to the rebuild, which would read an ever longer log
    if (service === "orders") {
      await bodyOf(seller.edit(ticket, { title: ticket.title, price }));
      published += 1;
    } else {
      const order = await buyer.order(ticket); // briefly rejected after each cancellation
      if (!order.ok) continue;
      await bodyOf(buyer.cancel(order.body));
      published += 2;
    }
  }
  expect(published).toBeGreaterThan(0);
  return working;
}

/** Resolves with the output of `rebuild`. */
async function bringBack(service: string, copy: Copy): Promise<string> {
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const trade = { seller, buyer, ticket: await ticketOnSale(seller) };
  const processes = serviceProcesses().filter(({ name }) => name.startsWith(`${service}-`));
  await Promise.all(processes.map(({ name }) => stop(name)));
  await restore(service, copy);
  const output = await whileInUse(service, trade, () => run(service, "rebuild"));
  await Promise.all(processes.map(({ name }) => start(name)));
  await Promise.all(services.map((each) => run(each, "republish")));
  return output;
}

it.each(services)(
  "restores %s from an older copy under load without losing a published event or selling a ticket twice",
  async (service) => {
    const [seller, buyer, other] = await Promise.all([newUser("seller"), newUser("buyer"), newUser("other")]);
    const changed = await ticketOnSale(seller);
    const held = await ticketOnSale(seller);
    const freed = await ticketOnSale(seller);
    const [heldOrder, cancelled] = [await orderOf(buyer, held), await orderOf(buyer, freed)];
    const copy = await copyOf(service);

    await bodyOf(buyer.pay(heldOrder));
    await bodyOf(buyer.cancel(cancelled));
    await bodyOf(other.pay(await orderOf(other, freed)));
    await bodyOf(seller.edit(changed, { title: "Another title", price: 30 }));
    const unknown = await ticketOnSale(seller);
    await bodyOf(buyer.pay(await orderOf(buyer, unknown)));
    expect(await stackViolations()).toEqual([]);

    expect(await bringBack(service, copy)).toMatch(/^rebuilt [1-9]/m);
    expect(await stackViolations()).toEqual([]);

    const third = await newUser("third");
    for (const ticket of [held, freed, unknown]) {
      expect(await third.ticket(ticket)).toMatchObject({ body: { status: "sold" } });
      expect(await third.order(ticket)).toMatchObject({ status: 400, body: { code: "ticket-reserved" } });
    }
    expect(await buyer.pay(heldOrder)).toMatchObject({ status: 400, body: { code: "order-paid" } });
    await bodyOf(third.pay(await orderOf(third, changed)));
    await bodyOf(third.pay(await orderOf(third, await ticketOnSale(seller))));
    expect(await stackViolations()).toEqual([]);
  },
);

it.each(["tickets", "orders"])("rebuilds %s exactly, even without a backup", async (service) => {
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const sold = await orderOf(buyer, await ticketOnSale(seller));
  await bodyOf(buyer.pay(sold));
  await bodyOf(buyer.cancel(await orderOf(buyer, await ticketOnSale(seller))));
  expect(await stackViolations()).toEqual([]);
  const before = await aggregatesOf(service);

  await bringBack(service, new Map());
  expect(await aggregatesOf(service)).toEqual(expect.arrayContaining(before)); // and trades made in the meantime
  expect(await stackViolations()).toEqual([]);
  // Sellers are in no event of orders: a sweep finds them again.
  await eventually(async () =>
    expect(await bodyOf(seller.send<Order[]>("GET", "/api/orders/sales"))).toMatchObject([{ id: sold.id }]),
  );
});

/** Without the fields that no event contains: timestamps, an order's network and seller, and the place of a ticket. */
async function aggregatesOf(service: string): Promise<mongo.Document[]> {
  const stored = await database(service).collection(service).find().sort({ _id: 1 }).toArray();
  return stored.map(({ createdAt, changedAt, network, sellerId, place, outbox = [], ...rest }) => ({
    ...rest,
    outbox,
  }));
}
