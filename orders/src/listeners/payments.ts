import { listeners } from "@eventhive/common";
import { followPayments } from "../follow-payments";
import { applyPayment } from "../models/payment";

export const [paymentAuthorized, paymentFailed, paymentCreated] = listeners(
  ["payment:authorized", "payment:failed", "payment:created"],
  async (payment) => {
    await applyPayment(payment);
    await followPayments(payment.orderId);
  },
);
