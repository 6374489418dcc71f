import { BadRequestError, clock, isDuplicateKey, seconds } from "@eventhive/common";
import { charge } from "./charge";
import { Order } from "./models/order";
import { Payment, findPayment, paymentFor } from "./models/payment";
import { gatewayTimeout } from "./stripe";

/**
 * Pays an order once, and waits for what orders says to it; whoever sends the same token again joins the same payment.
 * @returns the payment at its end, or as far as it got while it was worth waiting
 */
export async function pay(order: Order, token: string): Promise<Payment> {
  const payment = (await findPayment(order.id, token)) ?? (await begin(order, token));
  return untilDecided(payment.id);
}

async function begin(order: Order, token: string): Promise<Payment> {
  const refusal = order.refusal();
  if (refusal) throw refusal;
  const payment = paymentFor(order, token);
  try {
    await payment.save();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    return joinOrRefuse(order.id, token);
  }
  await charge(payment);
  return payment;
}

/** Somebody else began a payment at the same moment: by the same token it is this one, by another it stands in the way. */
async function joinOrRefuse(orderId: string, token: string): Promise<Payment> {
  const same = await findPayment(orderId, token);
  if (same) return same;
  const order = await Order.findById(orderId).orFail();
  throw order.refusal() ?? new BadRequestError("payment-in-progress", "This order is being paid already");
}

async function untilDecided(paymentId: string): Promise<Payment> {
  for (;;) {
    const payment = await Payment.findById(paymentId).orFail();
    if (!isWorthWaiting(payment)) return payment;
    await clock.wait(25); // another process may hear the verdict: only the document tells
  }
}

function isWorthWaiting({ state, since }: Payment): boolean {
  const age = clock.now() - since.getTime();
  if (state === "charging") return age < gatewayTimeout();
  return state === "charged" && age < seconds(5);
}
