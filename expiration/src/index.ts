import { startService } from "@eventhive/common";
import { expirationComplete, expirationWorker } from "./expirations";
import { orderCancelled, orderCompleted } from "./listeners/order-ended";
import { orderCreated } from "./listeners/order-created";
import { connectRedis } from "./redis";

startService({
  name: "expiration",
  store: { redis: connectRedis },
  listeners: [orderCreated, orderCancelled, orderCompleted],
  publishers: [expirationComplete],
  workers: [expirationWorker],
});
