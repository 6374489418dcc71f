import { newId, rebuilt, setUpService } from "@eventhive/common/testing";
import fc from "fast-check";
import { database } from "../database";
import { begunPayment, orderToPay, reload, setUpSandbox } from "../../test/fixtures";
import { Payment } from "./payment";

const { published } = setUpService(database);
setUpSandbox({ flow: "charges" });

const arrows = {
  confirmCharge: (payment: Payment) => payment.confirmCharge("ch_1"),
  fail: (payment: Payment) => payment.fail("Your card was declined."),
  settle: (payment: Payment) => payment.settle(),
  startRefund: (payment: Payment) => payment.startRefund(),
  confirmRefund: (payment: Payment) => payment.confirmRefund(),
};
type Arrow = keyof typeof arrows;

/** The way to each state, and where it may go from there. */
const machine: [Payment["state"], Arrow[], Arrow[]][] = [
  ["charging", [], ["confirmCharge", "fail"]],
  ["failed", ["fail"], []],
  ["charged", ["confirmCharge"], ["settle", "startRefund"]],
  ["settled", ["confirmCharge", "settle"], []],
  ["refunding", ["confirmCharge", "startRefund"], ["confirmRefund"]],
  ["refunded", ["confirmCharge", "startRefund", "confirmRefund"], []],
];

async function paymentAfter(way: Arrow[]): Promise<Payment> {
  const payment = await begunPayment(await orderToPay());
  for (const arrow of way) {
    arrows[arrow](payment);
    await payment.save();
  }
  return payment;
}

it.each(machine)("leaves %s only where it may", async (state, way, allowed) => {
  const possible: string[] = [];
  for (const [name, arrow] of Object.entries(arrows)) {
    const payment = await paymentAfter(way);
    expect(payment).toMatchObject({ state, version: way.length });
    if (arrow(payment)) possible.push(name);
  }
  expect(possible).toEqual(allowed);
});

it.each<[Arrow[], string[], string[]]>([
  [["fail"], [], []],
  [["confirmCharge", "settle"], ["charged"], []],
  [["confirmCharge", "startRefund"], ["charged"], []],
  [["confirmCharge", "startRefund", "confirmRefund"], ["charged"], ["refunded"]],
])("publishes only the charge and the refund, after %j", async (way, created, refunded) => {
  await paymentAfter(way);
  expect((await published("payment:created")).map(({ state }) => state)).toEqual(created);
  expect((await published("payment:refunded")).map(({ state }) => state)).toEqual(refunded);
});

it.each<[Payment["state"], Arrow[], string | undefined]>([
  ["charging", [], undefined],
  ["failed", ["fail"], undefined],
  ["charged", ["confirmCharge"], "payment:created"],
  ["settled", ["confirmCharge", "settle"], "payment:created"],
  ["refunding", ["confirmCharge", "startRefund"], "payment:created"],
  ["refunded", ["confirmCharge", "startRefund", "confirmRefund"], "payment:refunded"],
])("is republished, when %s, on the matching subject", async (_state, way, subject) => {
  expect(Payment.log.currentSubject(await paymentAfter(way))).toBe(subject);
});

it.each<[Arrow, Arrow, Arrow[]]>([
  ["confirmCharge", "fail", []],
  ["fail", "confirmCharge", []],
  ["settle", "startRefund", ["confirmCharge"]],
  ["startRefund", "settle", ["confirmCharge"]],
  ["confirmRefund", "confirmRefund", ["confirmCharge", "startRefund"]],
])("rejects %s when a %s that saw the same state was saved first", async (late, early, way) => {
  const payment = await paymentAfter(way);
  const same = await reload(payment);
  arrows[early](payment);
  await payment.save();
  arrows[late](same);
  await expect(same.save()).rejects.toThrow("No matching document");
  expect(await reload(payment)).toMatchObject({ state: payment.state, version: way.length + 1 });
});

it("is the only payment of its order, until it fails", async () => {
  const order = await orderToPay();
  const first = await begunPayment(order);
  await expect(begunPayment(order, "tok_mastercard")).rejects.toMatchObject({ keyPattern: { pays: 1 } });
  first.fail("Your card was declined.");
  await first.save();
  await expect(begunPayment(order)).rejects.toMatchObject({ keyPattern: { orderId: 1, tokenHash: 1 } });
  expect(await begunPayment(order, "tok_mastercard")).toMatchObject({ state: "charging" });
});

it("blocks its order even after a refund", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  for (const arrow of [arrows.confirmCharge, arrows.startRefund, arrows.confirmRefund]) {
    arrow(payment);
    await payment.save();
  }
  await expect(begunPayment(order, "tok_mastercard")).rejects.toMatchObject({ keyPattern: { pays: 1 } });
});

const publishedStates = fc.record({
  amount: fc.integer({ min: 1, max: 10_000_000 }),
  currency: fc.constantFrom("usd", "eur"),
  state: fc.constantFrom("charged", "refunded"),
});

it("is rebuilt from an event as it was published, without its card", () => {
  fc.assert(
    fc.property(publishedStates, (state) => {
      const published = { ...state, orderId: newId(), userId: newId(), stripeId: "ch_1" };
      const payment = rebuilt(Payment, { id: newId(), version: 1, ...published });
      expect(payment.publicState()).toEqual(published);
      expect(payment).toMatchObject({ pays: published.orderId, token: undefined, unreconciled: true });
    }),
  );
});
