import { clock, onFailpoint } from "@eventhive/common";
import { deliver, eventBytes, newId, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { followAllPayments } from "./follow-payments";
import { paymentAuthorized, paymentCreated, paymentFailed } from "./listeners/payments";
import type { Order } from "./models/order";
import { Payment } from "./models/payment";
import { orderOf, paymentOf, reload, unchargedPaymentOf } from "../test/fixtures";

const { published } = setUpService(database);

afterEach(() => onFailpoint(undefined));

const overdue = (order: Order) => clock.use(() => order.expiresAt.getTime() + 1);

async function grantedOrder() {
  const order = await orderOf();
  const authorized = unchargedPaymentOf(order, { version: 2 });
  await deliver(paymentAuthorized, authorized);
  const { id } = authorized;
  return {
    order,
    failed: unchargedPaymentOf(order, { id, version: 5, state: "failed" }),
    charged: { ...paymentOf(order), id, version: 4 },
  };
}

describe("an order", () => {
  it("is granted to an authorized payment, and publishes that once", async () => {
    const order = await orderOf();
    const payment = unchargedPaymentOf(order);
    await deliver(paymentAuthorized, payment);
    expect(await reload(order)).toMatchObject({ status: "awaiting:payment", paymentId: payment.id });
    expect(await published("order:updated")).toMatchObject([
      { id: order.id, version: 1, status: "awaiting:payment", paymentId: payment.id },
    ]);
  });

  it("is granted and publishes that, although the process crashes right after the save", async () => {
    const order = await orderOf();
    onFailpoint((name) => {
      if (name === "orders.save.after") throw new Error(`crashed at ${name}`);
    });
    await expect(deliver(paymentAuthorized, unchargedPaymentOf(order))).rejects.toThrow("crashed");
    expect(await published("order:updated")).toMatchObject([{ id: order.id, status: "awaiting:payment" }]);
  });

  it("is complete once the payment that it is granted to is charged", async () => {
    const { order, charged } = await grantedOrder();
    await deliver(paymentCreated, charged);
    expect(await published("order:completed")).toMatchObject([
      { id: order.id, version: 2, status: "complete", paymentId: charged.id },
    ]);
  });

  it("is released when that payment fails, and granted to the next one", async () => {
    const { order, failed } = await grantedOrder();
    await deliver(paymentFailed, failed);
    const released = await reload(order);
    expect(released).toMatchObject({ status: "created", version: 2, reserves: order.ticket.id });
    expect(released.paymentId).toBeUndefined();
    const next = unchargedPaymentOf(order);
    await deliver(paymentAuthorized, next);
    expect(await reload(order)).toMatchObject({ status: "awaiting:payment", paymentId: next.id });
  });

  it("is granted to the payment that was authorized while the previous one was being released", async () => {
    const { order, failed } = await grantedOrder();
    const next = unchargedPaymentOf(order);
    let isFirst = true;
    onFailpoint(async (name) => {
      if (name !== "orders.save.before" || !isFirst) return;
      isFirst = false;
      await deliver(paymentAuthorized, next); // finds the order as it was
    });
    await deliver(paymentFailed, failed);
    expect(await reload(order)).toMatchObject({ status: "awaiting:payment", paymentId: next.id, version: 3 });
  });

  it("is granted to the next payment by the delivery that releases it", async () => {
    const { order, failed } = await grantedOrder();
    const next = unchargedPaymentOf(order);
    await deliver(paymentAuthorized, next); // too early to change anything
    await paymentFailed.handle(eventBytes("payment:failed", failed)); // once: a second delivery would also grant it
    expect(await reload(order)).toMatchObject({ status: "awaiting:payment", paymentId: next.id, version: 3 });
  });

  it("is not released by the failure of another payment", async () => {
    const order = await orderOf();
    const failed = unchargedPaymentOf(order, { version: 4, state: "failed" });
    await deliver(paymentFailed, failed);
    await deliver(paymentAuthorized, unchargedPaymentOf(order));
    await deliver(paymentFailed, failed);
    expect(await reload(order)).toMatchObject({ status: "awaiting:payment", version: 1 });
  });

  it("is not granted to a failed payment whose failure arrives first", async () => {
    const order = await orderOf();
    const authorized = unchargedPaymentOf(order, { version: 2 });
    await deliver(paymentFailed, { ...authorized, version: 4, state: "failed" });
    await deliver(paymentAuthorized, authorized);
    expect(await reload(order)).toMatchObject({ status: "created", version: 0 });
  });

  it("is not granted when it is overdue", async () => {
    const order = await orderOf();
    overdue(order);
    await deliver(paymentAuthorized, unchargedPaymentOf(order));
    expect(await reload(order)).toMatchObject({ status: "created", version: 0 });
  });

  it("expires when its payment fails after expiresAt", async () => {
    const { order, failed } = await grantedOrder();
    overdue(order);
    await deliver(paymentFailed, failed);
    const ended = await reload(order);
    expect(ended).toMatchObject({ status: "cancelled", cancelReason: "expired" });
    expect(ended).not.toMatchObject({ reserves: order.ticket.id });
  });

  it("is complete when it was granted in time and its payment is charged later", async () => {
    const { order, charged } = await grantedOrder();
    overdue(order);
    await deliver(paymentCreated, charged);
    expect(await reload(order)).toMatchObject({ status: "complete" });
  });
});

describe("the sweep", () => {
  it("grants, completes and releases orders whose events had no effect", async () => {
    const waiting = await orderOf();
    await Payment.apply(unchargedPaymentOf(waiting));
    const paid = await grantedOrder();
    await Payment.apply(paid.charged);
    const failed = await grantedOrder();
    await Payment.apply(failed.failed);
    await followAllPayments();
    expect([await reload(waiting), await reload(paid.order), await reload(failed.order)]).toMatchObject([
      { status: "awaiting:payment" },
      { status: "complete" },
      { status: "created" },
    ]);
  });

  it("skips a payment of an unknown order", async () => {
    const order = await orderOf();
    await Payment.apply({ ...unchargedPaymentOf(order), orderId: newId() });
    await Payment.apply(unchargedPaymentOf(order));
    await followAllPayments();
    expect(await reload(order)).toMatchObject({ status: "awaiting:payment" });
  });
});
