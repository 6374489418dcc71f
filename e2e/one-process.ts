import { once } from "node:events";
import { createServer } from "node:http";
import { type Event, runPeriodically, parseEvent, seconds } from "@eventhive/common";
import { type MemoryBroker, newId } from "@eventhive/common/testing";
import type { Connection, mongo } from "mongoose";
import { connectDatabase } from "../common/src/database/database";
import { mongoStore } from "../common/src/service/store";
import { consume } from "../common/src/messaging/listener";
import { Runtime } from "../common/src/service/runtime";
import { app as ordersApp } from "../orders/src/app";
import { database as orders } from "../orders/src/database";
import { expireOverdueOrders } from "../orders/src/expire-orders";
import { expirationComplete } from "../orders/src/listeners/expiration-complete";
import { paymentCreated } from "../orders/src/listeners/payment-created";
import { ticketCreated } from "../orders/src/listeners/ticket-created";
import { ticketUpdated } from "../orders/src/listeners/ticket-updated";
import { app as ticketsApp } from "../tickets/src/app";
import { database as tickets } from "../tickets/src/database";
import { orderCancelled } from "../tickets/src/listeners/order-cancelled";
import { orderCompleted } from "../tickets/src/listeners/order-completed";
import { orderCreated } from "../tickets/src/listeners/order-created";
import type { World } from "./world";

const services = [
  {
    name: "tickets",
    database: tickets,
    listeners: [orderCreated, orderCancelled, orderCompleted],
    sweeps: [],
  },
  {
    name: "orders",
    database: orders,
    listeners: [ticketCreated, ticketUpdated, expirationComplete, paymentCreated],
    sweeps: [runPeriodically(seconds(1), expireOverdueOrders)],
  },
];

/** Tickets and orders in this process, each as two members of its group, on a broker in memory and a real MongoDB. */
export async function startInOneProcess(mongoUrl: string, broker: MemoryBroker) {
  const stops: (() => Promise<void>)[] = [];
  for (const { name, database, listeners, sweeps } of services) {
    await connectDatabase(database, `${mongoUrl}/${name}-${newId()}`);
    const store = mongoStore(database);
    await store.open();
    const first = new Runtime({ name, store: { database }, listeners, sweeps }, store, broker.connect(name));
    first.start();
    // The second only listens: a relay on the same connection would hear of every save too, and publish all things twice.
    const second = broker.connect(name);
    for (const listener of listeners)
      second.subscribe(listener.subject, consume(listener, store.deadLetters));
    stops.push(async () => {
      await second.close();
      await database.dropDatabase();
      await first.stop();
    });
  }

  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const app = request.url?.startsWith("/api/tickets") ? ticketsApp : ordersApp;
    app(request, response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("not listening");

  const events: Event[] = [];
  const world: World = {
    tickets: nativeDatabase(tickets),
    orders: nativeDatabase(orders),
    published: () => {
      const unread = broker.published().slice(events.length);
      events.push(...unread.map(({ subject, bytes }) => parseEvent(subject, bytes)));
      return events;
    },
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    world,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      for (const stop of stops) await stop();
    },
  };
}

function nativeDatabase({ db }: Connection): mongo.Db {
  if (!db) throw new Error("not connected");
  return db;
}
