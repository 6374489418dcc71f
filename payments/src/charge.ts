import { UnavailableError, clock, each, hours, untilCurrent } from "@eventhive/common";
import { trusted } from "mongoose";
import { followOrder } from "./follow-order";
import { Order } from "./models/order";
import { Payment } from "./models/payment";
import type { ChargeOutcome } from "./payment-gateway";
import { gateway, gatewayTimeout } from "./stripe";

/** The card's outcome is not known yet; `finishCharging` finds it out. */
export const pending = () =>
  new UnavailableError("The card has not answered yet: ask again in a moment", "payment-pending");

type KnownOutcome = Exclude<ChargeOutcome, { outcome: "unknown" }>;

/**
 * Asks for the money and writes down what came of it. Asking again is asking the same: the gateway repeats its answer.
 * @throws UnavailableError `payment-pending` while the outcome is not known
 */
export async function charge({ id: paymentId, orderId, amount, currency, token }: Payment): Promise<void> {
  if (!token) return; // charged or failed in the meantime
  const answer = await gateway().charge({ paymentId, orderId, amount, currency, token });
  if (answer.outcome === "unknown") throw pending();
  await conclude(paymentId, answer);
}

async function conclude(paymentId: string, answer: KnownOutcome): Promise<void> {
  const payment = await untilCurrent(async () => {
    const found = await Payment.findById(paymentId).orFail();
    const isChanged =
      answer.outcome === "charged" ? found.confirmCharge(answer.stripeId) : found.fail(answer.reason);
    if (isChanged) await found.save();
    return found;
  });
  if (answer.outcome === "declined") return;
  await followOrder(payment.orderId);
  // A sweep gave it up while this charge was still on its way.
  if (payment.state === "failed") await gateway().refund({ paymentId, stripeId: answer.stripeId });
}

// Stripe forgets idempotency keys after 24 hours; an hour is for clocks that disagree.
const keyLifetime = hours(23);

/**
 * Finds out what became of payments whose charge was interrupted: asks again, or, where money is not wanted any more or
 * asking might charge twice, only looks it up.
 */
export async function finishCharging(): Promise<void> {
  // By then whoever began has given up, with the one repetition that Stripe's library makes.
  const begunBefore = new Date(clock.now() - 2 * gatewayTimeout());
  const interrupted = { state: "charging", since: trusted({ $lt: begunBefore }) };
  await each(Payment.find(interrupted).cursor(), async (payment) => {
    const order = await Order.findById(payment.orderId).orFail();
    const isWanted = !order.refusal() && clock.now() - payment.since.getTime() < keyLifetime;
    await (isWanted ? charge(payment) : lookUp(payment));
  });
}

async function lookUp({ id: paymentId, since }: Payment): Promise<void> {
  const found = await gateway().find({ paymentId, since });
  await conclude(
    paymentId,
    found
      ? { outcome: "charged", stripeId: found.stripeId }
      : { outcome: "declined", reason: "The payment did not go through, and your card was not charged" },
  );
}
