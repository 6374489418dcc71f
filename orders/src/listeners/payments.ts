import { listeners } from "@eventhive/common";
import { followPayments } from "../follow-payments";
import { Payment } from "../models/payment";

export const [paymentAuthorized, paymentFailed, paymentCreated] = listeners(
  ["payment:authorized", "payment:failed", "payment:created"],
  async (payment) => {
    await Payment.apply(payment);
    await followPayments(payment.orderId);
  },
);
