import { BadRequestError, clock, isDuplicateKey, isVersionError, seconds } from "@eventhive/common";
import { countOtherCard } from "./card-limits";
import { charge, chargeAgain, giveUpUncharged, isWanted } from "./charge";
import { Order } from "./models/order";
import { askStripe } from "./intents";
import { Payment, attemptMs, findPayment, isDue, mayBeReplaced, paymentFor } from "./models/payment";
import { type Paying, payByIntent } from "./pay-by-intent";
import { withUpdates } from "./payment-updates";
import { pending } from "./pending";
import { gatewayTimeout, retryTime } from "./stripe";

/**
 * Pays for an order once, and waits for the decision of orders. A request with the same token joins the same payment, and
 * repeats the charge if it has no outcome yet.
 * @returns the payment at its end, or as far as it came within the time limit
 */
export async function pay(order: Order, request: PayRequest): Promise<Payment> {
  const begunAt = clock.now();
  const { payment, isNew } = await begin(order, request);
  const paying = { begunAt, deadline: request.deadline, isNew };
  return payment.isByIntent() ? payByIntent(payment, paying) : payByCharge(payment, paying);
}

interface PayRequest {
  token: string;
  address: string;
  /** When the response is due. No request to Stripe lasts longer, and an outcome that is unknown then is left open. */
  deadline: number;
}

interface Begun {
  payment: Payment;
  isNew: boolean;
}

/** Inserts the payment; only if that fails, looks up the existing one. */
async function begin(order: Order, request: PayRequest, isFirst = true): Promise<Begun> {
  const { token } = request;
  const refusal = order.refusal();
  if (refusal) return { payment: await join(order.id, token, refusal), isNew: false };
  const payment = paymentFor(order, token, { isFirst });
  try {
    await payment.save();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    if (isFirst && (await mayFollow(order, request))) return begin(order, request, false);
    return { payment: await join(order.id, token, inProgress()), isNew: false };
  }
  return { payment, isNew: true };
}

const inProgress = () =>
  new BadRequestError("payment-in-progress", "A payment for this order is in progress");

/**
 * Counts the card, and ends the order's payment by another one.
 * @returns whether it may be used: not if it has been, or if the other payment cannot be replaced
 * @throws TooManyRequestsError
 */
async function mayFollow(
  { id: orderId, userId }: Order,
  { token, address, deadline }: PayRequest,
): Promise<boolean> {
  if (await findPayment(orderId, token)) return false;
  const other = await Payment.findOne({ pays: orderId });
  if (other && !mayBeReplaced(other)) return false;
  await countOtherCard(userId, address);
  return !other || replace(other, deadline);
}

/**
 * Ends the payment of another card, which may be replaced: one with a charge or an intent for which Stripe did nothing, one
 * that waits for 3-D Secure, which its buyer may have closed, and one whose card was declined.
 * @returns whether it did
 */
async function replace(other: Payment, deadline: number): Promise<boolean> {
  try {
    if (other.state === "charging") await giveUpUncharged(other);
    else await endIntent(other, deadline);
    return true;
  } catch (error) {
    if (!isVersionError(error)) throw error;
    return false; // it has changed in the meantime
  }
}

/** @throws UnavailableError when Stripe does not confirm it now: the card is free again in a moment */
async function endIntent(other: Payment, deadline: number): Promise<void> {
  if (other.startReplacement()) {
    if (other.state === "voiding") other.holdFor(attemptMs());
    await other.save();
  }
  const { state } = await askStripe(other, { until: deadline, deadline });
  if (state !== "failed") throw pending();
}

/** The payment with the same token. @throws the reason if there is none: another one blocks it, or the order has ended */
async function join(orderId: string, token: string, reason: BadRequestError): Promise<Payment> {
  const same = await findPayment(orderId, token);
  if (same) return same;
  const order = await Order.findById(orderId).orFail();
  throw order.refusal() ?? reason;
}

const payByCharge = (payment: Payment, { begunAt, deadline, isNew }: Paying): Promise<Payment> =>
  withUpdates(payment, async (updates) => {
    let current = isNew ? await charge(payment, deadline) : payment;
    for (;;) {
      const passedMs = clock.now() - begunAt;
      if (!isWorthWaiting(current, passedMs)) return current;
      let next: Payment | null | undefined;
      if (current.state === "charging" && isDue(current)) {
        if (passedMs >= retryTime() || !(await isWanted(current))) return current;
        next = await chargeAgain(current, deadline);
      } else next = await updates.wait(current);
      current = next ?? (await Payment.findById(payment.id).orFail());
    }
  });

/** No response takes longer than Stripe's timeout plus the time for retries. */
function isWorthWaiting({ state, since }: Payment, passedMs: number): boolean {
  if (state === "charging") return passedMs < gatewayTimeout();
  return (
    state === "charged" &&
    clock.now() - since.getTime() < seconds(5) &&
    passedMs < gatewayTimeout() + retryTime()
  );
}
