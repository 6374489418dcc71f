import { BadRequestError, clock, isDuplicateKey, isVersionError, seconds } from "@eventhive/common";
import { charge, chargeAgain, giveUpUncharged, isWanted } from "./charge";
import { config } from "./config";
import { Order } from "./models/order";
import { askStripe } from "./intents";
import { Payment, attemptMs, findPayment, isDue, paymentFor } from "./models/payment";
import { payByIntent } from "./pay-by-intent";
import { pending } from "./pending";
import { gatewayTimeout } from "./stripe";

/**
 * Pays an order once, and waits for what orders says to it; whoever sends the same token again joins the same payment,
 * and repeats the charge where it has no outcome yet.
 * @returns the payment at its end, or as far as it got while it was worth waiting
 */
export async function pay(order: Order, token: string): Promise<Payment> {
  const begunAt = clock.now();
  const found = await findPayment(order.id, token);
  const { payment, isNew } = found ? { payment: found, isNew: false } : await begin(order, token);
  if (payment.isByIntent()) return payByIntent(payment, begunAt, isNew);
  if (isNew) await charge(payment);
  return untilDecided(payment.id, begunAt);
}

interface Begun {
  payment: Payment;
  isNew: boolean;
}

async function begin(order: Order, token: string, mayReplace = true): Promise<Begun> {
  const refusal = order.refusal();
  if (refusal) throw refusal;
  const payment = paymentFor(order, token);
  try {
    await payment.save();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    if (mayReplace && (await replace(order.id, token))) return begin(order, token, false);
    return { payment: await joinOrRefuse(order.id, token), isNew: false };
  }
  return { payment, isNew: true };
}

/**
 * Ends the payment of another card, so that it is not in the way of this one, where it cannot take money any more:
 * one whose card was declined, one that waits for 3-D Secure, which its buyer may have closed, and one by a charge none
 * of whose attempts can have charged.
 * @returns whether it did
 */
async function replace(orderId: string, token: string): Promise<boolean> {
  const other = await Payment.findOne({ pays: orderId });
  if (!other || (await findPayment(orderId, token))) return false;
  try {
    if (other.state === "charging" && other.openAttempts === 0) await giveUpUncharged(other);
    else if (other.state === "challenged" || other.state === "voiding") return await voidNow(other);
    else return false;
    return true;
  } catch (error) {
    if (!isVersionError(error)) throw error;
    return false; // it went on meanwhile
  }
}

/** @throws UnavailableError when Stripe does not confirm it now: the card is free again in a moment */
async function voidNow(other: Payment): Promise<true> {
  if (other.startVoid("Another card was used instead")) {
    other.holdFor(attemptMs());
    await other.save();
  }
  const { state } = await askStripe(other);
  if (state !== "failed") throw pending();
  return true;
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
