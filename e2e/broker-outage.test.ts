import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../common/src/testing/eventually";
import { type Order, type Ticket, bodyOf, newUser } from "./client";
import { paysByIntents } from "./payment-flow";
import { replicated, orderOf, ticketOnSale } from "./setup";
import { freeze, serviceProcesses, signal, start, stop } from "./stack";
import { stackViolations } from "./stack-violations";

// Apart from the other outages, because it is tested with each broker.

it("sells, reserves and charges while the broker is down for 30 s, and publishes everything afterwards", async () => {
  const before = serviceProcesses();
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const known = await Promise.all(Array.from({ length: 20 }, () => ticketOnSale(seller)));
  const charged = await orderOf(buyer, await ticketOnSale(seller));
  const end = performance.now() + 30_000;
  await freeze("nats"); // hangs first, then is killed

  // With a PaymentIntent, it is only held, and released when the order has expired.
  const state = paysByIntents ? "authorized" : "charged";
  expect(await buyer.pay(charged)).toMatchObject({ status: 202, body: { state } });
  const sold: Ticket[] = [];
  const reserved: Order[] = [];
  for (const ticket of known) {
    sold.push(await bodyOf(seller.sell("Sold in silence", 20)));
    reserved.push(await bodyOf(buyer.order(ticket)));
  }
  const [first] = reserved;
  if (!first) throw new Error("nothing was reserved");
  await eventually(
    async () => expect(await bodyOf(buyer.showOrder(first))).toMatchObject({ status: "cancelled" }),
    { withinSeconds: 15 }, // expiration cannot reach orders
  );
  signal("nats", "SIGKILL");
  await stop("nats"); // keeps the runner from restarting it
  while (performance.now() < end) {
    sold.push(await bodyOf(seller.sell("Sold in silence", 20)));
    await wait(100);
  }
  await start("nats");
  // The broker also delivers to lost connections, and redelivers to others only after the ack wait.
  expect(await stackViolations({ withinSeconds: 60 })).toEqual([]);
  for (const ticket of sold) await replicated("orders", "tickets", ticket);
  for (const order of reserved) await replicated("payments", "orders", order);
  expect(serviceProcesses()).toEqual(before); // no service was affected: same pids, no restarts
}, 150_000);
