import { AsyncLocalStorage } from "node:async_hooks";
import { clock } from "@eventhive/common";
import { MemoryBroker, deliver, eventBytes, newIds, setUpService } from "@eventhive/common/testing";
import { useScheduling } from "../../common/src/base/joined";
import { eventually } from "../../common/src/testing/eventually";
import { begunPayment, completionOf, orderToPay, pays, reload, setUpSandbox } from "../test/fixtures";
import { charge } from "./charge";
import { database } from "./database";
import { orderCompleted } from "./listeners/order-changed";
import type { Payment } from "./models/payment";
import { announce, decisions, paymentUpdates, withUpdates } from "./payment-updates";

setUpService(database);
setUpSandbox({ flow: "charges" });

const [thisProcess, otherProcess] = [{}, {}];
const processes = new AsyncLocalStorage<object>();
const bus = new MemoryBroker().connect("payments");

/** The lengths of the waits so far: the request reads its payment after each. */
let waits: number[] = [];
/** Ends the last wait as if its time had passed. Otherwise, only an update ends it. */
let passTime = () => {};

beforeAll(() => {
  useScheduling({
    process: () => processes.getStore() ?? thisProcess,
    waitFor: async (promise) => void (await promise.catch(() => {})),
  });
  for (const watcher of [paymentUpdates, decisions]) watcher.connect(bus);
});
beforeEach(() => {
  waits = [];
  const now = Date.now();
  const wait = (milliseconds: number, wakeUp?: Promise<void>) => {
    waits.push(milliseconds);
    return Promise.race([wakeUp, new Promise<void>((resolve) => (passTime = resolve))]);
  };
  clock.use(() => now, wait);
});
afterEach(() => clock.use());
afterAll(() => useScheduling());

const untilWaits = (count: number) => eventually(() => expect(waits).toHaveLength(count));
const inOtherProcess = <Result>(work: () => Result): Result => processes.run(otherProcess, work);

async function publishCreated(payment: Payment, version = payment.version): Promise<void> {
  const { id, orderId, userId, amount, currency } = payment;
  const event = {
    id,
    version,
    orderId,
    userId,
    amount,
    currency,
    state: "charged" as const,
    stripeId: "ch_1",
  };
  await bus.publish("payment:created", eventBytes("payment:created", event), newIds());
}

it("responds once another process has charged the card and received the decision, without polling", async () => {
  const order = await orderToPay();
  const payment = await begunPayment(order);
  const response = pays(order);
  await untilWaits(1);

  await inOtherProcess(() => charge(payment));
  await publishCreated(await reload(payment));
  await untilWaits(2);

  const completion = completionOf(order);
  await inOtherProcess(() => deliver(orderCompleted, completion));
  await bus.publish("order:completed", eventBytes("order:completed", completion), newIds());
  await untilWaits(3);
  passTime();
  expect(await response).toMatchObject({ status: 201, body: { id: payment.id, state: "settled" } });
  expect(waits).toEqual([250, 250, 25]);
});

it("misses no version that is published between two waits, and is not woken by one that it has", async () => {
  const payment = await begunPayment(await orderToPay());
  await withUpdates(payment, async (updates) => {
    await publishCreated(payment, 1);
    await updates.wait(payment);
    expect(waits).toEqual([]);

    payment.version = 1;
    const woken = updates.wait(payment).then(() => "woken");
    await publishCreated(payment, 1);
    await untilWaits(2);
    await publishCreated(payment, 2);
    expect(await woken).toBe("woken");
    expect(waits).toEqual([250, 250]);
  });
});

it("continues with the payment that its own process has saved", async () => {
  const payment = await begunPayment(await orderToPay());
  await withUpdates(payment, async (updates) => {
    expect(announce(payment)).toBe(true);
    expect(await updates.wait(payment)).toBe(payment);
    expect(inOtherProcess(() => announce(payment))).toBe(false);
  });
  expect(announce(payment)).toBe(false);
});
