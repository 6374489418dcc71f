import { deliver, newId } from "@eventhive/common/testing";
import { trusted } from "mongoose";
import { orderCompleted } from "../src/listeners/order-changed";
import type { Payment } from "../src/models/payment";
import { Reconciliation } from "../src/models/reconciliation";
import { reconcileWhenDue } from "../src/reconcile";
import { gateway } from "../src/stripe";
import { refundByHand as refundAt } from "../../infra/stripe-sandbox/refund-by-hand";
import { type OrderEvent, chargedPayment, completionOf, orderToPay, setUpSandbox } from "./fixtures";

/** A sandbox for tests of reconciliation, empty before each test. */
export function setUpReconciliation() {
  const sandbox = setUpSandbox({ flow: "charges" });
  const { ledger, requests } = sandbox;

  beforeEach(() => {
    ledger.charges.clear();
    ledger.refunds.clear();
    ledger.disputes.clear();
    requests.length = 0;
  });

  return { ...sandbox, countOf: (request: string) => requests.filter((one) => one === request).length };
}

/** A charge at Stripe that names a payment which may or may not exist. */
export const chargeAtGateway = ({ id: orderId }: OrderEvent, paymentId = newId()) =>
  gateway().charge({ paymentId, orderId, amount: 1999, currency: "usd", token: "tok_visa" });

/** As the sweep does, until nothing is due. */
export async function compareAllThatIsDue(): Promise<void> {
  do await reconcileWhenDue();
  while (await Reconciliation.exists({ progress: trusted({ $exists: true }) }));
}

export async function settledPayment(): Promise<Payment> {
  const order = await orderToPay();
  const payment = await chargedPayment(order);
  await deliver(orderCompleted, completionOf(order));
  return payment;
}

/** As in Stripe's dashboard. */
export const refundByHand = ({ stripeId }: Pick<Payment, "stripeId">, amount: number): Promise<void> =>
  refundAt(process.env.STRIPE_API_URL ?? "", stripeId ?? "", amount);
