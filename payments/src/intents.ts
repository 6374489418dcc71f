import { clock, hours, seconds } from "@eventhive/common";
import type { GatewayIntent, IntentResult } from "./intent-gateway";
import { Order } from "./models/order";
import { closeRequest, pauseUntil } from "./models/attempts";
import { type Payment, attemptMs } from "./models/payment";
import { pauseAfter } from "./pause-after";
import { pending } from "./pending";
import { saveChange } from "./save-change";
import { intentGateway } from "./stripe";

/** When a request of the buyer has to be answered. */
export interface Limits {
  /** A create that ends later is not followed by the confirmation. */
  until: number;
  /** No request to Stripe lasts longer. */
  deadline: number;
}

const unlimited: Limits = { until: Infinity, deadline: Infinity };

/**
 * Advances a payment by one step: by what its order demands, then by what its state requires, with requests to Stripe. The
 * caller has claimed it, so no other process sends requests meanwhile, though correctness does not depend on that.
 * @returns the payment afterwards; unchanged, and due again after a pause, if the outcome is not known
 */
export async function proceed(payment: Payment, limits = unlimited): Promise<Payment> {
  return askStripe(isFollowing(payment) ? await follow(payment) : payment, limits);
}

/** Does what the order demands, and holds the payment for the request to Stripe that follows from that. */
async function follow(payment: Payment): Promise<Payment> {
  const order = await Order.findById(payment.orderId).orFail();
  return saveChange(payment, (current) => followDemand(current, order) && current.holdFor(attemptMs()));
}

/** Does what the payment's state requires: `proceed` without reading the order. */
export async function askStripe(payment: Payment, limits = unlimited): Promise<Payment> {
  switch (payment.state) {
    case "authorizing":
      return payment.intentId ? confirm(payment, payment.intentId, limits) : create(payment, limits);
    case "capturing":
      return ask(payment, limits, (request) => intentGateway().capture(request));
    case "voiding":
      return ask(payment, limits, (request) => intentGateway().cancel(request));
    case "challenged":
    case "authorized":
      return retrieve(payment, limits);
    default:
      return payment;
  }
}

/** Reads its intent at Stripe, which the buyer, the bank or an operator may have changed. */
export const retrieve = (payment: Payment, limits = unlimited): Promise<Payment> =>
  ask(payment, limits, (request) => intentGateway().retrieve(request));

/**
 * For the buyer's browser only, which passes 3-D Secure with it; read each time, and never stored.
 * @throws UnavailableError when Stripe does not respond
 */
export async function clientSecretOf(
  { id: paymentId, intentId }: Payment,
  deadline: number,
): Promise<string> {
  if (!intentId) throw new Error(`The payment ${paymentId} has no intent`);
  const result = await intentGateway().retrieve({ paymentId, intentId, deadline });
  if (result.outcome !== "known" || !result.intent.clientSecret) throw pending();
  return result.intent.clientSecret;
}

/** The id is stored before the intent is confirmed, so no intent can hold money without a payment that names it. */
async function create(payment: Payment, limits: Limits): Promise<Payment> {
  const { id: paymentId, orderId, amount, currency } = payment;
  const keptAnswers = payment.keptAnswers();
  const { deadline } = limits;
  const result = await intentGateway().create({
    paymentId,
    orderId,
    amount,
    currency,
    keptAnswers,
    deadline,
  });
  if (result.outcome === "rejected")
    return saveChange(payment, (current) => current.failUnconfirmed(result.reason));
  if (result.outcome !== "known") return conclude(payment, result, limits, keptAnswers);
  const { intentId } = result.intent;
  const goesOn = clock.now() < limits.until;
  const stored = await saveChange(payment, (current) => {
    current.nextAttemptAt = goesOn ? new Date(clock.now() + attemptMs()) : undefined;
    return current.storeIntent(intentId);
  });
  const isOurs = stored.state === "authorizing" && stored.intentId === intentId;
  if (isOurs && goesOn) return confirm(stored, intentId, limits);
  await closeRequest(stored);
  return stored;
}

async function confirm(payment: Payment, intentId: string, limits: Limits): Promise<Payment> {
  const { id: paymentId, token } = payment;
  if (!token) return payment; // confirmed in the meantime
  const keptAnswers = payment.keptAnswers();
  const { deadline } = limits;
  const result = await intentGateway().confirm({ paymentId, intentId, token, keptAnswers, deadline });
  return conclude(payment, result, limits, keptAnswers);
}

type Request = { paymentId: string; intentId: string; deadline: number };

async function ask(
  payment: Payment,
  limits: Limits,
  send: (request: Request) => Promise<IntentResult>,
): Promise<Payment> {
  const { id: paymentId, intentId } = payment;
  if (!intentId) throw new Error(`The payment ${paymentId} is ${payment.state}, but has no intent`);
  return conclude(payment, await send({ paymentId, intentId, deadline: limits.deadline }), limits);
}

async function conclude(
  payment: Payment,
  result: IntentResult,
  limits: Limits,
  keptAnswers = 0,
): Promise<Payment> {
  const { state, version } = payment;
  const after = await saveChange(payment, (current) => {
    switch (result.outcome) {
      case "known":
        return changeByStatus(current, result.intent, current.state === state);
      case "rejected":
        return current.state === state && current.startVoid(result.reason);
      case "kept":
        return current.takeNextKey(keptAnswers);
      case "not-done":
      case "unknown":
        return false;
    }
  });
  if (after.version === version) await pauseUntil(after, clock.now() + pauseOf(after));
  else if (after.state === "authorized") return followNow(after, limits);
  if (result.outcome === "not-done") await closeRequest(after);
  return after;
}

/** The order may have ended before the hold was stored: then no other code would void it at once. */
async function followNow(payment: Payment, limits: Limits): Promise<Payment> {
  const followed = await follow(payment);
  return followed.state === "authorized" ? followed : askStripe(followed, limits);
}

/** @param isCurrent whether the payment is still in the state in which Stripe was asked */
function changeByStatus(
  payment: Payment,
  { status, chargeId, declineReason }: GatewayIntent,
  isCurrent: boolean,
): boolean {
  switch (status) {
    case "requires_action":
      // Its capture has failed after it was `processing`, and the browser has confirmed again. The order cannot wait for that.
      if (payment.state === "capturing") return isCurrent && payment.startVoid();
      return payment.challenge() && payment.holdFor(seconds(5));
    case "requires_capture":
      return payment.authorize() && payment.holdFor(lookupIntervalMs);
    case "requires_payment_method":
      // The browser may have confirmed again since an old response.
      if (!isCurrent) return false;
      // Without an error it was not confirmed yet, which the next attempt does.
      return (
        (payment.state !== "authorizing" || declineReason !== undefined) && payment.startVoid(declineReason)
      );
    case "succeeded":
      return chargeId !== undefined && payment.confirmCapture(chargeId);
    case "canceled":
      return payment.confirmVoid();
    default:
      return false; // not confirmed, or processing
  }
}

/**
 * An authorization lapses after days, or is canceled in the dashboard. The buyer waits for orders anyway, and once that has
 * granted the order, the capture shows it.
 */
const lookupIntervalMs = hours(1);

const pauseOf = ({ state, since }: Payment): number =>
  state === "authorized" ? lookupIntervalMs : pauseAfter(since, seconds(state === "challenged" ? 10 : 5));

/** Whether the order may demand something of a payment in this state. */
const isFollowing = ({ state }: Payment): boolean =>
  state === "authorizing" || state === "challenged" || state === "authorized";

/**
 * What the order demands of a PaymentIntent payment, by our replica; no request to Stripe.
 * @returns whether it changed
 */
export function followDemand(payment: Payment, order: Order): boolean {
  switch (payment.state) {
    case "authorizing":
    case "challenged":
      // Our own clock only avoids a hold that would be voided: orders alone decides what expired.
      return order.refusal() !== undefined && (payment.startVoid() || payment.failUnconfirmed());
    case "authorized":
      if (order.isGrantedTo(payment.id)) return payment.startCapture();
      return order.isOverFor(payment.id) && payment.startVoid();
    default:
      return false;
  }
}
