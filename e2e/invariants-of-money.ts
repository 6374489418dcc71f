import type { Event } from "@eventhive/common";
import type { Intent } from "../infra/stripe-sandbox/ledger";
import { modelStatusOf } from "../spec/histories";
import type { Invariant } from "./snapshot";

const inCents = (price: number) => Math.round(price * 100);

const paymentsAreFinal: Invariant = ({ money }) =>
  (money?.payments ?? [])
    .filter(({ state }) => !["settled", "failed", "refunded"].includes(state))
    .map(({ id, state }) => `I14: payment ${id} is still ${state}`);

const netChargeMatchesOrder: Invariant = ({ orders, money }) => {
  if (!money) return [];
  const paid = money.charges.filter((charge) => charge.paid);
  return orders.flatMap(({ id, status, ticket }) => {
    const ofOrder = paid.filter(({ metadata }) => metadata.orderId === id);
    const unrefunded = ofOrder.filter(({ refunded }) => !refunded);
    const held = unrefunded.filter(({ captured }) => !captured);
    const taken = ofOrder.filter(({ captured }) => captured);
    const kept = taken.reduce((sum, { amount, amount_refunded }) => sum + amount - amount_refunded, 0);
    const due = status === "complete" ? inCents(ticket.price) : 0;
    return [
      ...(unrefunded.length > 1 ? [`I2: order ${id} has ${unrefunded.length} unrefunded charges`] : []),
      ...held.map((charge) => `I2: ${charge.id} of order ${id} is neither captured nor released`),
      ...(kept === due
        ? []
        : [`I2: order ${id} is ${status}, but its net charge is ${kept} instead of ${due}`]),
    ];
  });
};

/**
 * The card of a PaymentIntent payment is captured only for an order that was granted to it, at every instant: a charge
 * stays `captured` even if it is refunded, an order stays cancelled, and the broker's log keeps each grant.
 */
const capturesWereGranted: Invariant = ({ orders, money, published }) => {
  const statusOf = new Map(orders.map(({ id, status }) => [id, status]));
  const grants = new Set(published?.map(({ data }) => grantOf(data)));
  return (money?.charges ?? [])
    .filter(({ captured, payment_intent: intentId }) => captured && intentId)
    .flatMap(({ id, metadata: { orderId = "none", paymentId = "none" } }) => [
      ...(statusOf.get(orderId) === "cancelled"
        ? [`I2: charge ${id} was captured, but its order ${orderId} is cancelled`]
        : []),
      ...(published && !grants.has(`${orderId} ${paymentId}`)
        ? [`I2: charge ${id} was captured, but order ${orderId} was never granted to payment ${paymentId}`]
        : []),
    ]);
};

/** The order and the payment of a grant. */
export const grantOf = (data: Event["data"]): string | undefined =>
  "paymentId" in data && data.status === "awaiting:payment" ? `${data.id} ${data.paymentId}` : undefined;

/** Whether it can take no money any more: it is canceled, or was never confirmed. */
export const isHarmless = (intent: Intent): boolean =>
  intent.status === "canceled" ||
  (modelStatusOf(intent) === "requires_confirmation" && !intent.latest_charge);

const failedIntentsAreHarmless: Invariant = ({ money }) => {
  const failed = new Set(money?.payments.filter(({ state }) => state === "failed").map(({ id }) => id));
  return (money?.intents ?? [])
    .filter((intent) => failed.has(intent.metadata.paymentId ?? "none") && !isHarmless(intent))
    .map(
      ({ id, status, metadata }) =>
        `I2: payment ${metadata.paymentId} has failed, but its intent ${id} is ${status}`,
    );
};

const chargesMatchPayments: Invariant = ({ orders, money }) => {
  if (!money) return [];
  const paymentOf = new Map(money.payments.map((payment) => [payment.id, payment]));
  const orderIds = new Set(orders.map(({ id }) => id));
  const paid = money.charges.filter((charge) => charge.paid);
  const chargeIds = new Set(paid.map(({ id }) => id));
  return [
    ...paid.flatMap(({ id, refunded, metadata: { paymentId = "none", orderId = "none" } }) => {
      const payment = paymentOf.get(paymentId);
      if (!payment || payment.orderId !== orderId || !orderIds.has(orderId))
        return [`I2: charge ${id} belongs to payment ${paymentId} of order ${orderId}, which do not match`];
      // A payment that failed while its charge was in flight is not updated: the charge is only refunded.
      if (payment.state === "failed" && refunded) return [];
      const expected = refunded ? "refunded" : "settled";
      if (payment.stripeId === id && payment.state === expected) return [];
      return [
        `I2: charge ${id} should make payment ${paymentId} ${expected}; it is ${payment.state}, by ${payment.stripeId}`,
      ];
    }),
    ...money.payments
      .filter(({ stripeId }) => stripeId && !chargeIds.has(stripeId))
      .map(({ id, stripeId }) => `I2: payment ${id} refers to charge ${stripeId}, which does not exist`),
  ];
};

const amountsMatchPrices: Invariant = ({ orders, money, published }) => {
  const priceOf = new Map(orders.map(({ id, ticket }) => [id, inCents(ticket.price)]));
  const amounts = [
    ...(money?.payments ?? []).map(({ id, orderId, amount }) => ({
      what: `payment ${id}`,
      orderId,
      amount,
    })),
    ...(money?.charges ?? []).map(({ id, metadata: { orderId = "none" }, amount }) => ({
      what: `charge ${id}`,
      orderId,
      amount,
    })),
  ];
  const offers = new Map(
    published?.flatMap(({ data }) => ("title" in data ? [[`${data.id} ${data.version}`, data.price]] : [])),
  );
  return [
    ...amounts
      .filter(({ orderId, amount }) => amount !== priceOf.get(orderId))
      .map(
        ({ what, orderId, amount }) =>
          `I10: ${what} has amount ${amount}, but order ${orderId} costs ${priceOf.get(orderId)}`,
      ),
    ...orders
      .filter(({ ticket }) => published && offers.get(`${ticket.id} ${ticket.version}`) !== ticket.price)
      .map(
        ({ id, ticket }) =>
          `I10: order ${id} costs ${ticket.price}, its ticket at version ${ticket.version} ${offers.get(`${ticket.id} ${ticket.version}`)}`,
      ),
  ];
};

export const moneyInvariants: Invariant[] = [
  paymentsAreFinal,
  netChargeMatchesOrder,
  capturesWereGranted,
  failedIntentsAreHarmless,
  chargesMatchPayments,
  amountsMatchPrices,
];
