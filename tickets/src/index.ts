import { runPeriodically, minutes, startService } from "@eventhive/common";
import { app } from "./app";
import { database } from "./database";
import { orderCancelled, orderCompleted, orderCreated, orderUpdated } from "./listeners/orders";
import { pruneOrders } from "./models/order";
import { reindexTitles } from "./reindex-titles";
import { ticketChanges } from "./routes/stream-tickets";

startService({
  name: "tickets",
  store: { database },
  app,
  listeners: [orderCreated, orderUpdated, orderCancelled, orderCompleted],
  watchers: [ticketChanges],
  sweeps: [runPeriodically(minutes(1), pruneOrders)],
  commands: { "reindex-titles": reindexTitles },
});
