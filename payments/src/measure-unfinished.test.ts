import { clock, hours } from "@eventhive/common";
import { setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { measureUnfinished } from "./measure-unfinished";
import { oldestHold, unfinishedPayments } from "./metrics";
import { Order } from "./models/order";
import { type Payment, paymentFor } from "./models/payment";
import { begunPayment, orderToPay, setUpSandbox } from "../test/fixtures";

setUpService(database);
setUpSandbox({ flow: "charges" });

const now = Date.UTC(2030, 0, 1);
const hour = 3600;

const at = (time: number) => clock.use(() => time);

/** In seconds, by state. */
async function measured(): Promise<Record<string, number>> {
  at(now);
  await measureUnfinished();
  const { values } = await unfinishedPayments.get();
  return Object.fromEntries(values.map(({ labels, value }) => [labels.state, value]));
}

it("reports the age of the oldest payment in each transient state", async () => {
  at(now - hours(50));
  const [stuck, settled] = [await begunPayment(await orderToPay()), await begunPayment(await orderToPay())];
  for (const payment of [stuck, settled]) {
    payment.confirmCharge("ch_1");
    await payment.save();
  }
  settled.settle();
  await settled.save();
  at(now - hours(2));
  await begunPayment(await orderToPay());
  at(now - hours(1));
  await begunPayment(await orderToPay());

  const none = { authorizing: 0, challenged: 0, authorized: 0, capturing: 0, voiding: 0, refunding: 0 };
  expect(await measured()).toEqual({ ...none, charging: 2 * hour, charged: 50 * hour });
});

it("no longer reports a payment that has left the state", async () => {
  at(now - hours(3));
  const payment = await begunPayment(await orderToPay());
  expect(await measured()).toMatchObject({ charging: 3 * hour });
  payment.fail("Your card was declined.");
  await payment.save();
  expect(await measured()).toMatchObject({ charging: 0 });
});

async function authorizing(): Promise<Payment> {
  const payment = paymentFor(await Order.findById((await orderToPay()).id).orFail(), "tok_visa");
  payment.state = "authorizing";
  payment.intentId = "pi_1";
  await payment.save();
  return payment;
}

async function heldSeconds(): Promise<number | undefined> {
  at(now);
  await measureUnfinished();
  return (await oldestHold.get()).values[0]?.value;
}

it("reports the age of the oldest hold from its authorization until its end, whatever its state", async () => {
  expect(await heldSeconds()).toBe(0);
  at(now - hours(4));
  const unauthorized = await authorizing();
  unauthorized.startVoid();
  await unauthorized.save();
  const older = await authorizing();
  at(now - hours(3));
  older.authorize();
  await older.save();
  at(now - hours(1));
  const newer = await authorizing();
  newer.authorize();
  await newer.save();

  const steps: ((payment: Payment) => boolean)[] = [(one) => one.startCapture(), (one) => one.startVoid()];
  for (const step of steps) {
    expect(await heldSeconds()).toBe(3 * hour);
    step(older);
    await older.save();
  }
  expect(await heldSeconds()).toBe(3 * hour);
  older.confirmVoid();
  await older.save();
  expect(await heldSeconds()).toBe(1 * hour);
  newer.startCapture();
  await newer.save();
  newer.confirmCapture("ch_1");
  await newer.save();
  expect(await heldSeconds()).toBe(0);
});
