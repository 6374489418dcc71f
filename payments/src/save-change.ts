import { retryOnConflict } from "@eventhive/common";
import { Payment } from "./models/payment";

/**
 * Saves a change of a loaded payment. If another process has changed it since, loads it again and repeats the change.
 * @param change returns whether it changed the payment
 * @returns the payment afterwards
 */
export async function saveChange(payment: Payment, change: (current: Payment) => boolean): Promise<Payment> {
  let inHand: Payment | undefined = payment;
  return retryOnConflict(async () => {
    const current = inHand ?? (await Payment.findById(payment.id).orFail());
    inHand = undefined;
    if (change(current)) await current.save();
    return current;
  });
}
