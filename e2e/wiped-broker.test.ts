import { rmSync } from "node:fs";
import { join } from "node:path";
import { bodyOf, person } from "./client";
import { dataFolder } from "./data-folder";
import { eventually } from "./eventually";
import { violations } from "./invariants";
import { orderOf, ticketOnSale } from "./market";
import { database, ledger, run, start, stop } from "./stack";
import startStack from "./start-stack";
import stopStack from "./stop-stack";

// A stack of its own: on the shared one, the other tests would miss what was published before.
beforeAll(async () => {
  delete process.env.E2E_DATA;
  process.env.REPLICAS = "1";
  await startStack();
}, 120_000);
afterAll(stopStack, 60_000);

it("brings every replica back with reannounce when the broker has lost its store", async () => {
  const tickets = database("tickets");
  const payments = database("payments");
  const world = { tickets, orders: database("orders"), money: { payments, ledger } };
  const [seller, buyer] = await Promise.all([person("seller"), person("buyer")]);
  const edited = await ticketOnSale(seller);
  await orderOf(buyer, await ticketOnSale(seller));
  const bought = await orderOf(buyer, await ticketOnSale(seller));
  await bodyOf(buyer.pay(bought));
  expect(await violations(world)).toEqual([]);

  await stop("orders-1");
  const unheard = await bodyOf(seller.sell("Nobody hears of it", 20));
  await bodyOf(seller.edit(edited, { title: "Nor of this", price: 30 }));
  const unpublished = { "outbox.0": { $exists: true } };
  await eventually(async () =>
    expect(await tickets.collection("tickets").countDocuments(unpublished)).toBe(0),
  );
  await stop("nats");
  rmSync(join(dataFolder(), "nats"), { recursive: true });
  await payments.collection("orders").deleteMany(); // and a consumer that begins anew
  await start("nats");
  await start("orders-1");

  const lost = [edited, unheard, bought].map(({ id }) => expect.stringContaining(id));
  expect(await violations(world, { withinSeconds: 2 })).toEqual(expect.arrayContaining(lost));
  await Promise.all(["tickets", "orders", "payments"].map((service) => run(service, "reannounce")));
  expect(await violations(world)).toEqual([]);
});
