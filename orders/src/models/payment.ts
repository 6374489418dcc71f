import { type EventData, allPaymentStates, clock, defineReplica, hours } from "@eventhive/common";
import { Types } from "mongoose";
import { config } from "../config";
import { database } from "../database";

/** Replica of the payments service's payment: whether an order may be granted to it, and whether it is paid. */
export const Payment = defineReplica(database, "Payment", {
  subjects: ["payment:authorized", "payment:failed", "payment:created"],
  fields: {
    orderId: { type: String, required: true },
    state: { type: String, enum: allPaymentStates, required: true },
  },
  from: ({ orderId, state }) => ({ orderId, state }),
  indexes: [[{ orderId: 1 }], [{ state: 1 }, { partialFilterExpression: { state: "authorized" } }]],
});
export type Payment = InstanceType<typeof Payment>;

const prunedBeforeMs = () => clock.now() - hours(24 * config.PAYMENT_REPLICA_DAYS);

/** Payments that began before then are pruned once their order has ended. Their ids contain when they began. */
export const prunedBefore = (): Types.ObjectId =>
  Types.ObjectId.createFromTime(Math.floor(prunedBeforeMs() / 1000));

/**
 * A pruned replica took its version with it, so an old state of it is no longer recognized. `authorized` would wait for a
 * grant for ever, so it is ignored, an hour before anything is pruned, to allow for clock skew: an order is not live for
 * so long. The other states do no harm, and are pruned again.
 */
export async function applyPayment(payment: EventData<"payment:authorized">): Promise<void> {
  const isOld = new Types.ObjectId(payment.id).getTimestamp().getTime() < prunedBeforeMs() + hours(1);
  if (!isOld || payment.state !== "authorized") await Payment.apply(payment);
}
