import { BadRequestError, clock, isDuplicateKey, isVersionError, seconds } from "@eventhive/common";
import { charge, chargeAgain, giveUpUncharged, isWanted } from "./charge";
import { config } from "./config";
import { Order } from "./models/order";
import { Payment, findPayment, isDue, paymentFor } from "./models/payment";
import { gatewayTimeout } from "./stripe";

/**
 * Pays an order once, and waits for what orders says to it; whoever sends the same token again joins the same payment,
 * and repeats the charge where it has no outcome yet.
 * @returns the payment at its end, or as far as it got while it was worth waiting
 */
export async function pay(order: Order, token: string): Promise<Payment> {
  const begunAt = clock.now();
  const payment = (await findPayment(order.id, token)) ?? (await begin(order, token));
  return untilDecided(payment.id, begunAt);
}

async function begin(order: Order, token: string, mayReplace = true): Promise<Payment> {
  const refusal = order.refusal();
  if (refusal) throw refusal;
  const payment = paymentFor(order, token);
  try {
    await payment.save();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    if (mayReplace && (await replaceUncharged(order.id, token))) return begin(order, token, false);
    return joinOrRefuse(order.id, token);
  }
  await charge(payment);
  return payment;
}

/**
 * Fails the payment of another card if none of its attempts can have charged, as after rejections for too many requests:
 * so it is not in the way of this card.
 * @returns whether it did
 */
async function replaceUncharged(orderId: string, token: string): Promise<boolean> {
  if (await findPayment(orderId, token)) return false;
  const other = await Payment.findOne({ pays: orderId, state: "charging", openAttempts: 0 });
  if (!other) return false;
  try {
    await giveUpUncharged(other);
    return true;
  } catch (error) {
    if (!isVersionError(error)) throw error;
    return false; // an attempt has begun meanwhile, or it was decided
  }
}

/** Somebody else began a payment at the same moment: by the same token it is this one, by another it stands in the way. */
async function joinOrRefuse(orderId: string, token: string): Promise<Payment> {
  const same = await findPayment(orderId, token);
  if (same) return same;
  const order = await Order.findById(orderId).orFail();
  throw order.refusal() ?? new BadRequestError("payment-in-progress", "This order is being paid already");
}

const retryMs = () => seconds(config.CHARGE_RETRY_SECONDS);

async function untilDecided(paymentId: string, begunAt: number): Promise<Payment> {
  for (;;) {
    const payment = await Payment.findById(paymentId).orFail();
    const passedMs = clock.now() - begunAt;
    if (!isWorthWaiting(payment, passedMs)) return payment;
    if (payment.state === "charging" && isDue(payment)) {
      if (passedMs >= retryMs() || !(await isWanted(payment))) return payment;
      await chargeAgain(payment);
    } else await clock.wait(25); // another process may receive the verdict: poll the document
  }
}

/** No answer takes longer than the gateway's timeout and the time for repetitions together. */
function isWorthWaiting({ state, since }: Payment, passedMs: number): boolean {
  if (state === "charging") return passedMs < gatewayTimeout();
  return (
    state === "charged" &&
    clock.now() - since.getTime() < seconds(5) &&
    passedMs < gatewayTimeout() + retryMs()
  );
}
