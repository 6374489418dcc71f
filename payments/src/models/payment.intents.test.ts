import { newId, setUpService } from "@eventhive/common/testing";
import { paymentTransitions } from "../../../spec/transitions";
import { database } from "../database";
import { orderToPay, setUpSandbox } from "../../test/fixtures";
import { Order } from "./order";
import { Payment, paymentFor } from "./payment";

const { published } = setUpService(database);
setUpSandbox();

const steps = {
  storeIntent: (payment: Payment) => payment.storeIntent("pi_1"),
  challenge: (payment: Payment) => payment.challenge(),
  authorize: (payment: Payment) => payment.authorize(),
  startCapture: (payment: Payment) => payment.startCapture(),
  startVoid: (payment: Payment) => payment.startVoid(),
  confirmCapture: (payment: Payment) => payment.confirmCapture("ch_1"),
  confirmVoid: (payment: Payment) => payment.confirmVoid(),
  failUnconfirmed: (payment: Payment) => payment.failUnconfirmed(),
  settle: (payment: Payment) => payment.settle(),
  startRefund: (payment: Payment) => payment.startRefund(),
  confirmRefund: (payment: Payment) => payment.confirmRefund(),
};
type StepName = keyof typeof steps;

async function paymentAfter(way: StepName[]): Promise<Payment> {
  const order = await orderToPay();
  const payment = paymentFor(await Order.findById(order.id).orFail(), "tok_visa");
  await payment.save();
  for (const step of way) {
    steps[step](payment);
    await payment.save();
  }
  return payment;
}

const authorized = ["storeIntent", "authorize"] as const;
const capturing = [...authorized, "startCapture"] as const;
const ways: [Payment["state"], StepName[]][] = [
  ["authorizing", []],
  ["authorizing", ["storeIntent"]],
  ["challenged", ["storeIntent", "challenge"]],
  ["authorized", [...authorized]],
  ["capturing", [...capturing]],
  ["voiding", ["storeIntent", "startVoid"]],
  ["voiding", [...capturing, "startVoid"]],
  ["charged", [...capturing, "confirmCapture"]],
  ["settled", [...capturing, "confirmCapture", "settle"]],
  ["refunding", [...capturing, "confirmCapture", "startRefund"]],
  ["failed", ["failUnconfirmed"]],
  ["failed", [...authorized, "confirmVoid"]],
];

it.each(ways)("leaves %s only as the model allows, after %j", async (state, way) => {
  for (const [name, step] of Object.entries(steps)) {
    const payment = await paymentAfter(way);
    expect(payment.state).toBe(state);
    const allowed: readonly string[] = paymentTransitions[state];
    if (!step(payment)) continue;
    expect({
      name,
      to: payment.state,
      isAllowed: name === "storeIntent" || allowed.includes(payment.state),
    }).toEqual({ name, to: payment.state, isAllowed: true });
  }
});

it("makes each transition of the model", async () => {
  const made = new Set<string>();
  for (const [state, way] of ways)
    for (const step of Object.values(steps)) {
      const payment = await paymentAfter(way);
      if (step(payment) && payment.state !== state) made.add(`${state} -> ${payment.state}`);
    }
  const modelled = Object.entries(paymentTransitions).flatMap(([from, targets]) =>
    from === "charging" ? [] : targets.map((to) => `${from} -> ${to}`),
  );
  expect([...made].toSorted()).toEqual(
    expect.arrayContaining(modelled.filter((each) => !each.startsWith("refund"))),
  );
});

it("fails without a void only while no intent is stored", async () => {
  const payment = await paymentAfter(["storeIntent"]);
  expect(payment.failUnconfirmed()).toBe(false);
  expect((await paymentAfter([])).startVoid()).toBe(false);
});

it("stores one intent", async () => {
  const payment = await paymentAfter(["storeIntent"]);
  expect(payment.storeIntent("pi_2")).toBe(false);
  expect(payment.intentId).toBe("pi_1");
});

it("frees its order once it has failed, not before", async () => {
  const payment = await paymentAfter(["storeIntent", "startVoid"]);
  expect(payment.pays).toBe(payment.orderId);
  payment.confirmVoid();
  expect(payment.pays).toBeUndefined();
});

it.each<[StepName[], string[]]>([
  [["failUnconfirmed"], []],
  [["storeIntent", "startVoid", "confirmVoid"], []],
  [
    [...authorized, "startVoid", "confirmVoid"],
    ["authorized", "failed"],
  ],
  [
    [...capturing, "confirmCapture", "settle"],
    ["authorized", "charged"],
  ],
])("publishes what orders needs to know, after %j", async (way, states) => {
  await paymentAfter(way);
  const events = [
    ...(await published("payment:authorized")),
    ...(await published("payment:failed")),
    ...(await published("payment:created")),
  ];
  expect(events.map(({ state }) => state)).toEqual(states);
});

it.each<[StepName[], string | undefined]>([
  [["storeIntent"], undefined],
  [[...authorized], "payment:authorized"],
  [[...capturing], "payment:authorized"],
  [["storeIntent", "startVoid"], undefined],
  [[...authorized, "startVoid", "confirmVoid"], "payment:failed"],
  [["failUnconfirmed"], undefined],
  [[...capturing, "confirmCapture"], "payment:created"],
])("is republished, after %j, on the matching subject", async (way, subject) => {
  expect(Payment.log.currentSubject(await paymentAfter(way))).toBe(subject);
});

it("lets a stored intent win over a failure that saw none", async () => {
  const payment = await paymentAfter([]);
  const same = await Payment.findById(payment.id).orFail();
  payment.storeIntent("pi_1");
  await payment.save();
  same.failUnconfirmed();
  await expect(same.save()).rejects.toThrow("No matching document");
});

it("releases its order to the payment that paid it, when a restored copy still holds the order", async () => {
  const { orderId } = await paymentAfter([...authorized]);
  const state = { id: newId(), version: 4, orderId, userId: newId(), amount: 1, currency: "usd" };
  await Payment.log.release?.({ ...state, stripeId: "ch_2", state: "charged" });
  expect(await Payment.findOne({ orderId })).toMatchObject({ state: "failed" });
});
