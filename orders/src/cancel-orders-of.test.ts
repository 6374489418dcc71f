import { clock, hours } from "@eventhive/common";
import { deliver, newId, setUpService } from "@eventhive/common/testing";
import { access } from "./access";
import { database } from "./database";
import { orderOf, reload, unchargedPaymentOf } from "../test/fixtures";
import { paymentAuthorized, paymentFailed } from "./listeners/payments";

const { published } = setUpService(database);

const [userBanned, , , userDeleted] = access.listeners;
const [, endForAll] = access.sweeps;
const ban = (id: string, since = clock.date()) =>
  deliver(userBanned, { id, version: 1, banned: true, since: since.toISOString() });

it("cancels the orders of a banned buyer, and frees their tickets", async () => {
  const [order, ofAnother] = [await orderOf(), await orderOf()];
  await ban(order.userId);
  const cancelled = { status: "cancelled", buyerBanned: true, version: 1, reserves: undefined };
  expect(await reload(order)).toMatchObject(cancelled);
  expect((await reload(order)).cancelReason).toBeUndefined();
  expect((await reload(ofAnother)).status).toBe("created");
  expect(await published("order:cancelled")).toMatchObject([{ id: order.id, buyerBanned: true }]);
});

it("cancels the orders of a buyer who has deleted the account, as the buyer", async () => {
  const [order, ofAnother] = [await orderOf(), await orderOf()];
  const deletedAt = clock.date().toISOString();
  const state = { id: order.userId, version: 1, banned: false, since: deletedAt, sessionEpoch: 1, deletedAt };
  await deliver(userDeleted, state);
  expect(await reload(order)).toMatchObject({ status: "cancelled", cancelReason: "buyer", version: 1 });
  expect((await reload(order)).buyerBanned).toBeUndefined();
  expect((await reload(ofAnother)).status).toBe("created");
});

it("cancels an order that was created by a request in progress", async () => {
  const userId = newId();
  await ban(userId);
  const order = await orderOf(userId);
  await endForAll?.run();
  expect((await reload(order)).status).toBe("cancelled");
});

it("cancels the orders that tokens from before a ban could create, however late the ban arrives, and no later ones", async () => {
  const userId = newId();
  const now = clock.now();
  const orderAt = (time: number) => {
    clock.use(() => time);
    return orderOf(userId);
  };
  const orders = [await orderAt(now - hours(27)), await orderAt(now - hours(2)), await orderAt(now)];
  await ban(userId, new Date(now - hours(26))); // its last token expired an hour ago
  const found = await Promise.all(orders.map(reload));
  expect(found.map(({ status }) => status)).toEqual(["cancelled", "cancelled", "created"]);
});

it("leaves complete orders, and one that is being paid until its payment fails", async () => {
  const userId = newId();
  const [complete, paid] = [await orderOf(userId), await orderOf(userId)];
  complete.complete();
  await complete.save();
  const payment = unchargedPaymentOf(paid);
  await deliver(paymentAuthorized, payment);
  await ban(userId);
  const statuses = async () =>
    Promise.all([complete, paid].map(async (order) => (await reload(order)).status));
  expect(await statuses()).toEqual(["complete", "awaiting:payment"]);
  await deliver(paymentFailed, { ...payment, version: payment.version + 1, state: "failed" });
  await endForAll?.run();
  expect(await statuses()).toEqual(["complete", "cancelled"]);
});
