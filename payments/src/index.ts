import { every, hours, minutes, seconds, startService } from "@eventhive/common";
import { app } from "./app";
import { finishCharging } from "./charge";
import { database } from "./database";
import { followOrders } from "./follow-order";
import { refundLateCharges } from "./late-charges";
import { orderCancelled } from "./listeners/order-cancelled";
import { orderCompleted } from "./listeners/order-completed";
import { orderCreated } from "./listeners/order-created";
import { measureUnfinished } from "./measure-unfinished";
import { pruneOrders } from "./models/order";
import { reconcileByHand, reconcileSweep } from "./reconcile";
import { refundSweep } from "./refund";

startService({
  name: "payments",
  store: { database },
  app,
  listeners: [orderCreated, orderCancelled, orderCompleted],
  sweeps: [
    every(seconds(5), finishCharging),
    every(seconds(5), followOrders),
    refundSweep,
    every(seconds(15), measureUnfinished),
    every(hours(1), refundLateCharges),
    reconcileSweep,
    every(minutes(1), pruneOrders),
  ],
  commands: { reconcile: reconcileByHand },
});
