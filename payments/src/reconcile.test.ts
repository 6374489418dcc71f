import { hours } from "@eventhive/common";
import { deliver, newId, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { orderCancelled } from "./listeners/order-cancelled";
import { orderCompleted } from "./listeners/order-completed";
import { Payment } from "./models/payment";
import { reconcile, reconcileByHand, reconcileDaily } from "./reconcile";
import { finishRefunds } from "./refund";
import { gateway } from "./stripe";
import {
  type OrderEvent,
  begunPayment,
  cancellationOf,
  chargedPayment,
  completionOf,
  later,
  orderToPay,
  setUpSandbox,
} from "./testing";

setUpService(database);
const sandbox = setUpSandbox();

beforeEach(() => sandbox.ledger.charges.clear());

/** A charge at the gateway that names a payment which may or may not exist. */
const chargeAtGateway = ({ id: orderId }: OrderEvent, paymentId = newId()) =>
  gateway().charge({ paymentId, orderId, amount: 1999, currency: "usd", token: "tok_visa" });

async function differences(options = {}): Promise<string[]> {
  const found: string[] = [];
  await reconcile({ ...options, report: ({ problem }) => found.push(problem) });
  return found;
}

it("finds nothing to say about payments that are as they should be", async () => {
  await chargedPayment(await orderToPay());
  await begunPayment(await orderToPay());
  const settled = await orderToPay();
  await chargedPayment(settled);
  await deliver(orderCompleted, completionOf(settled));
  const refunded = await orderToPay();
  await chargedPayment(refunded);
  await deliver(orderCancelled, cancellationOf(refunded));
  await finishRefunds();

  later(hours(2));
  expect(await differences({ refundsUnknown: true })).toEqual([]);
  expect([...sandbox.ledger.charges.values()].filter((charge) => charge.refunded)).toHaveLength(1);
});

it("gives a charge back whose payment failed, once", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  payment.fail("given up");
  await payment.save();
  await chargeAtGateway(order, payment.id);
  later(hours(2));
  expect(await differences()).toEqual(["the payment of this charge failed"]);
  expect(await differences()).toEqual([]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});

it("only reports a charge that no payment knows, until somebody says so by hand", async () => {
  const order = await orderToPay();
  await chargeAtGateway(order);
  later(hours(2));
  await reconcileDaily();
  expect(await differences()).toEqual(["no payment knows this charge"]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);

  await reconcileByHand([]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
  expect(await differences()).toEqual([]);
});

it("never gives back what does not name a payment: it may be somebody else's", async () => {
  const order = await orderToPay();
  await chargeAtGateway(order);
  for (const charge of sandbox.chargesOf(order)) charge.metadata = { invoice: "7" };
  later(hours(2));
  expect(await differences({ refundsUnknown: true })).toEqual(["no payment knows this charge"]);
  expect([...sandbox.ledger.charges.values()]).toMatchObject([{ refunded: false }]);
});

it("leaves young charges alone", async () => {
  const order = await orderToPay();
  await chargeAtGateway(order);
  later(hours(0.9));
  expect(await differences({ refundsUnknown: true })).toEqual([]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);
});

it("never touches a charge whose payment has not come to its end", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  await chargeAtGateway(order, payment.id);
  later(hours(2));
  await reconcileByHand([]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);
});

it("reports a payment whose charge the gateway does not know", async () => {
  const payment = await chargedPayment(await orderToPay());
  sandbox.ledger.charges.clear();
  later(hours(2));
  const found: object[] = [];
  await reconcile({ report: (difference) => found.push(difference) });
  expect(found).toMatchObject([
    { problem: "the gateway does not know this charge", paymentId: payment.id, isRefunded: false },
  ]);
});

it("reports amounts that differ and money that went another way than the payment says", async () => {
  const dearer = await chargedPayment(await orderToPay());
  await Payment.updateOne({ _id: dearer.id }, { amount: 1 });

  const settled = await orderToPay();
  const { stripeId, id: paymentId } = await chargedPayment(settled);
  await deliver(orderCompleted, completionOf(settled));
  await gateway().refund({ paymentId, stripeId: stripeId ?? "" });

  const kept = await chargedPayment(await orderToPay());
  await Payment.updateOne({ _id: kept.id }, { state: "refunded" });

  const twice = await chargedPayment(await orderToPay());
  await Payment.updateOne({ _id: twice.id }, { stripeId: "ch_other" });

  later(hours(2));
  expect((await differences()).sort()).toEqual([
    "the amounts differ",
    "the charge of a refunded payment was not given back",
    "the charge of a settled payment was given back",
    "the gateway does not know this charge",
    "the payment of this charge was charged twice",
  ]);
});

it("looks back as many days as it is told", async () => {
  const order = await orderToPay();
  await chargeAtGateway(order);
  later(hours(24 * 3));
  await reconcileByHand(["2"]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: false }]);
  await reconcileByHand(["4"]);
  expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
});

it.each([
  [["many"], "expected number"],
  [["0"], "expected number to be >0"],
  [["7", "-1"], "expected number to be >0"],
])("refuses the arguments %j", (args, problem) => {
  expect(() => reconcileByHand(args)).toThrow(problem);
});
