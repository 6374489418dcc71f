import { deliver, newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { orderCompleted } from "../listeners/order-changed";
import { Payment } from "../models/payment";
import { begunPayment, chargedPayment, completionOf, orderToPay, setUpSandbox } from "../../test/fixtures";

setUpService(database);
setUpSandbox({ flow: "charges" });

const list = (buyer: string, query = "") =>
  request(app).get(`/api/payments${query}`).set("Cookie", signedIn(buyer));

it("lists only the caller's payments, with their orders, newest first", async () => {
  const userId = newId();
  const paid = await orderToPay({ userId });
  const settled = await chargedPayment(paid);
  await deliver(orderCompleted, completionOf(paid));
  const open = await orderToPay({ userId });
  const charging = await begunPayment(open);
  await begunPayment(await orderToPay());

  const { body, headers } = await list(userId).expect(200);
  const common = { userId, amount: 1999, currency: "usd", createdAt: expect.any(String) };
  const order = { title: "Chamber music", price: 19.99 };
  expect(body).toEqual([
    {
      ...common,
      id: charging.id,
      version: 0,
      orderId: open.id,
      state: "charging",
      mayBeReplaced: false,
      order: { ...order, id: open.id, status: "created" },
    },
    {
      ...common,
      id: settled.id,
      version: 2,
      orderId: paid.id,
      stripeId: settled.stripeId,
      state: "settled",
      chargedAt: settled.chargedAt?.toISOString(),
      mayBeReplaced: false,
      order: { ...order, id: paid.id, status: "complete" },
    },
  ]);
  expect(headers.link).toBeUndefined();
});

it("lists those of the given orders, and still only the caller's", async () => {
  const userId = newId();
  const [first, second, third] = [
    await orderToPay({ userId }),
    await orderToPay({ userId }),
    await orderToPay({ userId }),
  ];
  const others = await orderToPay();
  for (const order of [first, second, third, others]) await begunPayment(order);
  const { body } = await list(userId, `?orderId=${first.id},${third.id},${others.id}`).expect(200);
  expect(body.map(({ orderId }: { orderId: string }) => orderId)).toEqual([third.id, first.id]);
});

it("shows whether a failed payment may still be charged", async () => {
  const userId = newId();
  const [unknown, declined, uncharged] = [
    await begunPayment(await orderToPay({ userId })),
    await begunPayment(await orderToPay({ userId })),
    await begunPayment(await orderToPay({ userId })),
  ];
  unknown.giveUp("Your bank has not confirmed the payment");
  declined.decline("Your card was declined.");
  uncharged.openAttempts = 0;
  uncharged.giveUp("The payment could not be made.");
  for (const payment of [unknown, declined, uncharged]) await payment.save();
  const old = await begunPayment(await orderToPay({ userId }));
  await Payment.updateOne(
    { _id: old._id },
    { $set: { state: "failed" }, $unset: { openAttempts: 1, pays: 1 } },
  );

  const { body } = await list(userId).expect(200);
  expect(
    body.map(({ id, mayBeCharged }: { id: string; mayBeCharged: boolean }) => [id, mayBeCharged]),
  ).toEqual([
    [old.id, true],
    [uncharged.id, false],
    [declined.id, false],
    [unknown.id, true],
  ]);
});

it("shows whether another card can still pay instead", async () => {
  const userId = newId();
  const [open, uncharged] = [
    await begunPayment(await orderToPay({ userId })),
    await begunPayment(await orderToPay({ userId })),
  ];
  await Payment.updateOne({ _id: uncharged._id }, { openAttempts: 0 });
  const { body } = await list(userId).expect(200);
  expect(body).toMatchObject([
    { id: uncharged.id, mayBeReplaced: true },
    { id: open.id, mayBeReplaced: false },
  ]);
});

it("links to the next page until there is none", async () => {
  const userId = newId();
  const payments = [];
  for (let count = 0; count < 3; count++) payments.push(await begunPayment(await orderToPay({ userId })));
  const first = await list(userId, "?limit=2").expect(200);
  const next = /^<(.+)>; rel="next"$/.exec(first.headers.link ?? "")?.[1] ?? "";
  const second = await request(app).get(next).set("Cookie", signedIn(userId)).expect(200);
  const ids = [...first.body, ...second.body].map(({ id }: { id: string }) => id);
  expect(ids).toEqual(payments.map(({ id }) => id).reverse());
  expect(second.headers.link).toBeUndefined();
});

it.each([
  ["?cursor=nonsense", "cursor"],
  ["?limit=0", "limit"],
  ["?limit=101", "limit"],
  ["?orderId=nonsense", "orderId"],
  ["?orderId=", "orderId"],
  ["?orderId=0123456789abcdef01234567&orderId=0123456789abcdef01234567", "orderId"],
])("returns 400 invalid-input for %s", async (query, field) => {
  const { body } = await list(newId(), query).expect(400);
  expect(body).toMatchObject({ code: "invalid-input", errors: [{ field }] });
});

it("returns 400 invalid-input for more than 100 orders at once", async () => {
  const ids = Array.from({ length: 101 }, newId).join();
  await list(newId(), `?orderId=${ids}`).expect(400);
});

it("responds with 401 without a session", async () => {
  await request(app).get("/api/payments").expect(401);
});
