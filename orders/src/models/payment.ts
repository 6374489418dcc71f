import {
  type AnyPaymentState,
  type PaymentState,
  defineReplica,
  intentPaymentStates,
} from "@eventhive/common";
import { database } from "../database";

const states: AnyPaymentState[] = [
  ...intentPaymentStates,
  ...(["charging", "charged", "settled", "failed", "refunding", "refunded"] satisfies PaymentState[]),
];

/** Replica of the payments service's payment: whether an order may be granted to it, and whether it is paid. */
export const Payment = defineReplica(database, "Payment", {
  subjects: ["payment:authorized", "payment:failed", "payment:created"],
  fields: {
    orderId: { type: String, required: true },
    state: { type: String, enum: states, required: true },
  },
  from: ({ orderId, state }) => ({ orderId, state }),
  indexes: [[{ orderId: 1 }], [{ state: 1 }, { partialFilterExpression: { state: "authorized" } }]],
});
export type Payment = InstanceType<typeof Payment>;
