import { runPeriodically, minutes, seconds, startService } from "@eventhive/common";
import { app } from "./app";
import { finishCharging } from "./charge";
import { database } from "./database";
import { finishSweep } from "./finish-intents";
import { followOrders } from "./follow-order";
import { orderCancelled, orderCompleted, orderUpdated } from "./listeners/order-changed";
import { orderCreated } from "./listeners/order-created";
import { measureComparisons } from "./measure-comparisons";
import { measureUnfinished } from "./measure-unfinished";
import { pruneOrders } from "./models/order";
import { reconcileByHand, reconcileSweep } from "./reconcile";
import { decisions, paymentUpdates } from "./payment-updates";
import { refundSweep } from "./refund";

startService({
  name: "payments",
  store: { database },
  app,
  watchers: [paymentUpdates, decisions],
  listeners: [orderCreated, orderUpdated, orderCancelled, orderCompleted],
  sweeps: [
    runPeriodically(seconds(5), finishCharging),
    runPeriodically(seconds(5), followOrders),
    finishSweep,
    refundSweep,
    reconcileSweep,
    runPeriodically(minutes(1), pruneOrders),
  ],
  measures: [measureUnfinished, measureComparisons],
  commands: { reconcile: reconcileByHand },
});
