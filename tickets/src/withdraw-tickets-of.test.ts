import { clock, hours } from "@eventhive/common";
import { deliver, newId, setUpService } from "@eventhive/common/testing";
import { access } from "./access";
import { database } from "./database";
import { orderCancelled, orderCreated } from "./listeners/orders";
import { Ticket } from "./models/ticket";
import { orderEvent, ticketOnSale } from "../test/fixtures";

const { published } = setUpService(database);

const [userBanned, , , userDeleted] = access.listeners;
const [, endForAll] = access.sweeps;
const ban = (id: string, since = clock.date()) =>
  deliver(userBanned, { id, version: 1, banned: true, since: since.toISOString() });
const statusOf = async ({ id }: Ticket) => (await Ticket.findById(id).orFail()).status;

it("withdraws the tickets of a banned seller", async () => {
  const userId = newId();
  const [ticket, ofAnother] = [await ticketOnSale({ userId }), await ticketOnSale()];
  await ban(userId);
  expect([await statusOf(ticket), await statusOf(ofAnother)]).toEqual(["withdrawn", "available"]);
  expect(await published("ticket:updated")).toMatchObject([{ id: ticket.id, withdrawn: true }]);
});

it("withdraws the tickets that tokens from before a ban could list, however late the ban arrives, and no later ones", async () => {
  const userId = newId();
  const now = clock.now();
  const ticketAt = (time: number) => {
    clock.use(() => time);
    return ticketOnSale({ userId });
  };
  const tickets = [await ticketAt(now - hours(27)), await ticketAt(now - hours(2)), await ticketAt(now)];
  await ban(userId, new Date(now - hours(26))); // its last token expired an hour ago
  expect(await Promise.all(tickets.map(statusOf))).toEqual(["withdrawn", "withdrawn", "available"]);
});

it("withdraws the tickets of a seller who has deleted the account", async () => {
  const userId = newId();
  const [ticket, ofAnother] = [await ticketOnSale({ userId }), await ticketOnSale()];
  const deletedAt = clock.date().toISOString();
  await deliver(userDeleted, { id: userId, version: 1, banned: false, since: deletedAt, deletedAt });
  expect([await statusOf(ticket), await statusOf(ofAnother)]).toEqual(["withdrawn", "available"]);
});

it("withdraws a reserved ticket when it becomes available, and one that was created by a request in progress", async () => {
  const userId = newId();
  const reserved = await ticketOnSale({ userId });
  const order = orderEvent(reserved);
  await deliver(orderCreated, order);
  await ban(userId);
  expect(await statusOf(reserved)).toBe("reserved");
  await deliver(orderCancelled, { ...order, version: 1, status: "cancelled" });
  const late = await ticketOnSale({ userId });
  await endForAll?.run();
  expect([await statusOf(reserved), await statusOf(late)]).toEqual(["withdrawn", "withdrawn"]);
});
