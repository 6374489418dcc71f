import { minutes, runPeriodically, seconds, startService } from "@eventhive/common";
import { app } from "./app";
import { database } from "./database";
import { expireOverdueOrders } from "./expire-orders";
import { followAllPayments } from "./follow-payments";
import { forgetNetworks } from "./forget-networks";
import { expirationComplete } from "./listeners/expiration-complete";
import { paymentAuthorized, paymentCreated, paymentFailed } from "./listeners/payments";
import { ticketCreated, ticketUpdated } from "./listeners/tickets";
import { measureOverdue } from "./measure-overdue";
import { nameSellers } from "./name-sellers";
import { prunePayments } from "./prune-payments";
import { orderChanges } from "./routes/stream-order";
import { printUnpaidReservations } from "./unpaid-reservations";

startService({
  name: "orders",
  store: { database },
  app,
  listeners: [
    ticketCreated,
    ticketUpdated,
    expirationComplete,
    paymentAuthorized,
    paymentFailed,
    paymentCreated,
  ],
  watchers: [orderChanges],
  sweeps: [
    runPeriodically(seconds(5), followAllPayments),
    runPeriodically(seconds(5), expireOverdueOrders),
    runPeriodically(seconds(600), forgetNetworks),
    runPeriodically(seconds(600), nameSellers),
    runPeriodically(minutes(1), prunePayments),
  ],
  measures: [measureOverdue],
  commands: { "unpaid-reservations": printUnpaidReservations },
});
