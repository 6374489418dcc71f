import { allPaymentStates, defineReplica } from "@eventhive/common";
import { database } from "../database";

/** Replica of the payments service's payment: whether an order may be granted to it, and whether it is paid. */
export const Payment = defineReplica(database, "Payment", {
  subjects: ["payment:authorized", "payment:failed", "payment:created"],
  fields: {
    orderId: { type: String, required: true },
    state: { type: String, enum: allPaymentStates, required: true },
  },
  from: ({ orderId, state }) => ({ orderId, state }),
  indexes: [
    [{ orderId: 1 }],
    [{ state: 1 }, { partialFilterExpression: { state: "authorized" } }],
    [{ createdAt: 1 }],
  ],
});
export type Payment = InstanceType<typeof Payment>;
