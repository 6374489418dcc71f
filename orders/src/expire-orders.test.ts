import { StoreUnavailableError, clock, onFailpoint } from "@eventhive/common";
import { deliver, newId, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { expireOrder, expireOverdueOrders } from "./expire-orders";
import { expirationComplete } from "./listeners/expiration-complete";
import { Order } from "./models/order";
import { orderOf, reload } from "../test/fixtures";

const { published } = setUpService(database);

afterEach(() => onFailpoint(undefined));

const expiredAgo = (order: Order, milliseconds: number) =>
  clock.use(() => order.expiresAt.getTime() + milliseconds);

it("cancels an overdue order, once", async () => {
  const order = await orderOf();
  expiredAgo(order, 0);
  await deliver(expirationComplete, { orderId: order.id });
  expect(await reload(order)).toMatchObject({ status: "cancelled", cancelReason: "expired", version: 1 });
  expect(await published("order:cancelled")).toHaveLength(1);
});

it("waits for the rest of the time when its event arrives slightly early", async () => {
  const order = await orderOf();
  const start = performance.now();
  clock.use(() => order.expiresAt.getTime() - 150 + performance.now() - start);
  await deliver(expirationComplete, { orderId: order.id });
  expect(await reload(order)).toMatchObject({ status: "cancelled" });
  expect(clock.now()).toBeGreaterThanOrEqual(order.expiresAt.getTime());
});

it("leaves an order to the sweep when the wait ends early", async () => {
  const order = await orderOf();
  clock.use(
    () => order.expiresAt.getTime() - 1,
    () => Promise.resolve(),
  );
  await deliver(expirationComplete, { orderId: order.id });
  expect(await reload(order)).toMatchObject({ status: "created" });
});

it("never cancels an order that is paid while it waits", async () => {
  const order = await orderOf();
  let now = order.expiresAt.getTime() - 100;
  const payMeanwhile = async () => {
    order.complete();
    await order.save();
    now += 100;
  };
  clock.use(() => now, payMeanwhile);
  await deliver(expirationComplete, { orderId: order.id });
  expect(await reload(order)).toMatchObject({ status: "complete", version: 1 });
});

describe("orders that expire together", () => {
  async function lapsedOrders(count: number): Promise<Order[]> {
    const orders = await Promise.all(Array.from({ length: count }, () => orderOf()));
    clock.use(() => Math.max(...orders.map(({ expiresAt }) => expiresAt.getTime())));
    return orders;
  }
  const expireAll = (orders: { id?: string }[]) =>
    Promise.allSettled(orders.map(({ id = "" }) => expireOrder(id)));
  const statusesOf = async (orders: Order[]) =>
    Promise.all(orders.map(async (each) => (await reload(each)).status));

  it("are read together and cancelled one after the other", async () => {
    const orders = await lapsedOrders(20);
    const find = jest.spyOn(Order, "find");
    let saving = 0;
    let most = 0;
    onFailpoint((name) => {
      if (name === "orders.save.before") most = Math.max(most, ++saving);
      if (name === "orders.save.after") saving--;
    });
    await expireAll(orders);
    expect(find).toHaveBeenCalledTimes(2); // for the first one, and for those that waited for it
    find.mockRestore();
    expect(most).toBe(1);
    expect(new Set(await statusesOf(orders))).toEqual(new Set(["cancelled"]));
  });

  it("do not affect each other: one that does not exist, one that cannot be saved, one that is paid in the meantime", async () => {
    const [first, broken, paid, last] = await lapsedOrders(4);
    if (!first || !broken || !paid || !last) throw new Error("There are four");
    await Order.collection.updateOne({ _id: broken._id }, { $unset: { userId: 1 } });
    let paying: Promise<unknown> | undefined;
    onFailpoint(async (name) => {
      if (name !== "orders.save.before") return;
      paying ??= Order.collection.updateOne(
        { _id: paid._id },
        { $set: { status: "complete" }, $inc: { version: 1 } },
      );
      await paying;
    });
    const results = await expireAll([first, broken, { id: newId() }, paid, last]);
    expect(results.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    expect(await statusesOf([first, broken, paid, last])).toEqual([
      "cancelled",
      "created",
      "complete",
      "cancelled",
    ]);
  });

  it("all fail at once when the database does not respond", async () => {
    const orders = await lapsedOrders(3);
    let saves = 0;
    onFailpoint((name) => {
      if (name === "orders.save.before" && ++saves > 1) throw new StoreUnavailableError("no response");
    });
    const results = await expireAll(orders);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(saves).toBe(2);
  });
});

it("does not cancel an order that expires much later", async () => {
  const order = await orderOf();
  expiredAgo(order, -5001);
  await deliver(expirationComplete, { orderId: order.id });
  await expireOverdueOrders();
  expect(await reload(order)).toMatchObject({ status: "created", version: 0 });
});

it("does not cancel an order that is granted to a payment, however overdue", async () => {
  const order = await orderOf();
  order.grant(newId());
  await order.save();
  expiredAgo(order, 1000);
  await deliver(expirationComplete, { orderId: order.id });
  await expireOverdueOrders();
  expect(await reload(order)).toMatchObject({ status: "awaiting:payment", version: 1 });
});

it("never cancels a paid order", async () => {
  const order = await orderOf();
  order.complete();
  await order.save();
  expiredAgo(order, 1000);
  await deliver(expirationComplete, { orderId: order.id });
  await expireOverdueOrders();
  expect(await reload(order)).toMatchObject({ status: "complete", version: 1 });
});

it("finds overdue orders without an event, and no others", async () => {
  const overdue = await orderOf();
  expiredAgo(overdue, 1);
  const fresh = await orderOf();
  await expireOverdueOrders();
  await expireOverdueOrders();
  expect(await reload(overdue)).toMatchObject({ status: "cancelled", cancelReason: "expired", version: 1 });
  expect(await reload(fresh)).toMatchObject({ status: "created" });
});

it("does not stop at an order that was paid while the sweep was cancelling it", async () => {
  const first = await orderOf();
  const second = await orderOf();
  expiredAgo(second, 1);
  let paying: PromiseLike<unknown> | undefined;
  onFailpoint(async (name) => {
    if (name !== "orders.save.before") return;
    paying ??= Order.updateOne({ _id: first.id }, { status: "complete", $inc: { version: 1 } }).exec();
    await paying;
  });
  await expireOverdueOrders();
  expect([await reload(first), await reload(second)]).toMatchObject([
    { status: "complete" },
    { status: "cancelled" },
  ]);
});
