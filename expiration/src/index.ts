import { startService } from "@eventhive/common";
import { expirationComplete, expirationWorker } from "./expirations";
import { orderCreated } from "./listeners/order-created";
import { connectRedis } from "./redis";

startService({
  name: "expiration",
  store: { redis: connectRedis },
  listeners: [orderCreated],
  publishers: [expirationComplete],
  workers: [expirationWorker],
});
