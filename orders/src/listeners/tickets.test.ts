import { deliver, setUpService } from "@eventhive/common/testing";
import { database } from "../database";
import { Ticket, findTicket } from "../models/ticket";
import { ticketEvent } from "../../test/fixtures";
import { ticketCreated, ticketUpdated } from "./tickets";

setUpService(database);

it("stores a new ticket", async () => {
  const event = ticketEvent();
  await deliver(ticketCreated, event);
  expect(await Ticket.findById(event.id)).toMatchObject({ title: "Chamber music", price: 20, version: 0 });
  expect(await Ticket.countDocuments()).toBe(1);
});

it("keeps the newest state, in any order of events", async () => {
  const event = ticketEvent();
  await deliver(ticketUpdated, { ...event, version: 2, price: 40 });
  await deliver(ticketUpdated, { ...event, version: 1, price: 30 });
  await deliver(ticketCreated, event);
  expect(await Ticket.findById(event.id)).toMatchObject({ price: 40, version: 2 });
});

it("stores that a ticket was withdrawn", async () => {
  const event = ticketEvent();
  await deliver(ticketCreated, event);
  await deliver(ticketUpdated, { ...event, version: 1, status: "withdrawn", withdrawn: true });
  expect(await Ticket.findById(event.id)).toMatchObject({ withdrawn: true });
});

it("reads several tickets in one query, while another is in progress", async () => {
  const [one, other, missing] = [
    ticketEvent({ title: "One" }),
    ticketEvent({ title: "Other" }),
    ticketEvent(),
  ];
  await deliver(ticketCreated, one);
  await deliver(ticketCreated, other);
  const find = jest.spyOn(Ticket, "find");
  const found = await Promise.all([one, other, missing, one].map(({ id }) => findTicket(id)));
  expect(found.map((ticket) => ticket?.title)).toEqual(["One", "Other", undefined, "One"]);
  expect(find).toHaveBeenCalledTimes(2); // the first began at once, the others shared the next
});
