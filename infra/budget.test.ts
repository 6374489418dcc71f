import { clock, minutes } from "@eventhive/common";
import { Document } from "mongoose";
import {
  costOf,
  create,
  documented,
  get,
  list,
  order,
  pay,
  quiet,
  reportExpiry,
  setTime,
  setUpCost,
  show,
  showCurrentUser,
} from "./cost";

// Performance is guarded by the number of operations: each is a round trip and a wake-up of the database. A change that
// alters a number changes the table in ARCHITECTURE.md with it.

setUpCost({ flow: "charges" });

it("matches the documented cost of creating, ordering, paying with a charge, and expiring", async () => {
  let [ticket, reserved] = ["", ""];
  const sell = async () => (ticket = await create());
  const reserve = async () => (reserved = await order(ticket));
  expect(await costOf(sell)).toEqual(documented("create"));
  expect(await costOf(reserve)).toEqual(documented("order"));
  expect(await costOf(() => pay(reserved))).toEqual(documented("pay with charge"));

  await sell();
  await quiet();
  await reserve();
  setTime(clock.now() + minutes(2));
  expect(await costOf(() => reportExpiry(reserved))).toEqual(documented("expire"));
});

it("matches the documented cost of showing the current user, the tickets on sale, and a ticket", async () => {
  const ticket = await create();
  expect(await costOf(showCurrentUser)).toEqual(documented("current user"));
  expect(await costOf(list)).toEqual(documented("list"));
  expect(await costOf(() => show(ticket))).toEqual(documented("show"));
});

it("hydrates no document to show or list what is stored", async () => {
  const ticket = await create();
  await quiet();
  const reserved = await order(ticket);
  await quiet();
  await pay(reserved);
  await quiet();
  const hydrate = jest.spyOn(Document.prototype, "init");
  await list();
  await show(ticket);
  await get("orders", "/api/orders");
  await get("orders", `/api/orders/${reserved}`);
  const { body } = await get("payments", "/api/payments");
  expect(body[0]).toMatchObject({ orderId: reserved, order: { id: reserved } });
  expect(hydrate).not.toHaveBeenCalled();
});
