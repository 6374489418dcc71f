import { clock, hours, seconds } from "@eventhive/common";
import { MemoryBroker, eventBytes, newId, newIds, setUpService, signedIn } from "@eventhive/common/testing";
import { streamsOf } from "../../../common/test/event-stream";
import { eventually } from "../../../common/src/testing/eventually";
import { app } from "../app";
import { database } from "../database";
import type { Order } from "../models/order";
import { orderOf } from "../../test/fixtures";
import { orderChanges } from "./stream-order";

setUpService(database);

const bus = new MemoryBroker().connect("orders");
orderChanges.connect(bus);

const open = streamsOf(app);
const stream = (id: string, cookie = signedIn()) => open(`/api/orders/${id}/stream`, cookie);

/** As in its events. */
const stateOf = (order: Order) => ({ id: order.id, version: order.version, ...order.publicState() });

const complete = (order: Order) => order.complete();
const cancel = (order: Order) => order.cancel("expired");

it.each([
  ["complete", "order:completed", complete],
  ["cancelled", "order:cancelled", cancel],
] as const)("shows its buyer the order, and that it is %s", async (status, subject, end) => {
  const order = await orderOf();
  const { messages, headers } = await stream(order.id, signedIn(order.userId));
  await eventually(() => expect(messages).toEqual([{ event: "order", data: stateOf(order) }]));
  expect(Number(headers.get("X-Server-Time"))).toBeGreaterThan(0);

  end(order);
  await order.save();
  await bus.publish(subject, eventBytes(subject, stateOf(order)), newIds());
  await eventually(() => expect(messages[1]?.data).toEqual(stateOf(order)));
  expect(messages[1]?.data).toMatchObject({ version: 1, status });
});

it("shows an order that has ended, and stays open", async () => {
  const order = await orderOf();
  order.complete();
  await order.save();
  const { messages, ended, leave } = await stream(order.id, signedIn(order.userId));
  await eventually(() => expect(messages).toMatchObject([{ data: { status: "complete" } }]));
  leave();
  expect(await ended).toBe("broken off");
});

it("sends no other orders of the same buyer", async () => {
  const order = await orderOf();
  const other = await orderOf(order.userId);
  const { messages } = await stream(order.id, signedIn(order.userId));
  for (const each of [other, order]) {
    each.complete();
    await each.save();
    await bus.publish("order:completed", eventBytes("order:completed", stateOf(each)), newIds());
  }
  await eventually(() => expect(messages).toHaveLength(2));
  expect(messages.map(({ data }) => data.id)).toEqual([order.id, order.id]);
});

it("returns 403 for another user's order", async () => {
  const order = await orderOf();
  expect(await stream(order.id)).toMatchObject({ status: 403, refusal: { code: "not-yours" } });
});

it.each([newId(), "123"])("returns 404 for the order %s", async (id) => {
  expect(await stream(id)).toMatchObject({ status: 404, refusal: { code: "not-found" } });
});

it("ends with its buyer's session, and is not opened again", async () => {
  const order = await orderOf();
  const cookie = signedIn(order.userId);
  const signedInAt = clock.now();
  const { messages, ended } = await stream(order.id, cookie);
  await eventually(() => expect(messages).toHaveLength(1));
  clock.use(() => signedInAt + hours(24));
  jest.advanceTimersByTime(seconds(15));
  expect(await ended).toBe("in order");
  expect(await stream(order.id, cookie)).toMatchObject({ status: 401, refusal: { code: "not-signed-in" } });
});

it("responds with 401 without a session", async () => {
  const order = await orderOf();
  expect(await stream(order.id, "")).toMatchObject({ status: 401, refusal: { code: "not-signed-in" } });
});
