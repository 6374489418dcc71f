import { clock, hours } from "@eventhive/common";
import {
  MemoryBroker,
  deliver,
  eventBytes,
  newId,
  newIds,
  setUpService,
  signedIn,
} from "@eventhive/common/testing";
import { streamsOf } from "../../../common/test/event-stream";
import { eventually } from "../../../common/src/testing/eventually";
import { app } from "../app";
import { database } from "../database";
import { orderCreated } from "../listeners/orders";
import { type Ticket, findTicket } from "../models/ticket";
import { orderEvent, ticketOnSale } from "../../test/fixtures";
import { ticketChanges } from "./stream-tickets";

setUpService(database);

const bus = new MemoryBroker().connect("tickets");
ticketChanges.connect(bus);

const open = streamsOf(app);
const stream = (query = "") => open(`/api/tickets/stream${query}`);

/** As in its events. */
const stateOf = (ticket: Ticket) => ({ id: ticket.id, version: ticket.version, ...ticket.publicState() });

async function reserve({ id }: Ticket): Promise<Ticket> {
  await deliver(orderCreated, orderEvent(await findTicket(id)));
  return findTicket(id);
}

const publish = (ticket: Ticket) =>
  bus.publish("ticket:updated", eventBytes("ticket:updated", stateOf(ticket)), newIds());

it("streams the requested tickets to anyone, on sale or not, and their reservation", async () => {
  const [free, taken] = [await ticketOnSale(), await reserve(await ticketOnSale())];
  await ticketOnSale({ title: "not requested" });
  const { messages } = await stream(`?ids=${free.id},${taken.id},${newId()}`);
  await eventually(() => expect(messages).toHaveLength(2));
  expect(messages).toEqual(
    expect.arrayContaining([free, taken].map((ticket) => ({ event: "ticket", data: stateOf(ticket) }))),
  );

  const nowTaken = await reserve(free);
  await publish(nowTaken);
  await eventually(() => expect(messages[2]?.data).toEqual(stateOf(nowTaken)));
  expect(messages[2]?.data).toMatchObject({ status: "reserved", version: 1 });
});

it("streams the first tickets of the list by default", async () => {
  await reserve(await ticketOnSale({ title: "taken" }));
  const listed = await ticketOnSale();
  const { messages } = await stream();
  await eventually(() => expect(messages).toEqual([{ event: "ticket", data: stateOf(listed) }]));
  const nowTaken = await reserve(listed);
  await publish(nowTaken);
  await eventually(() => expect(messages[1]?.data).toEqual(stateOf(nowTaken)));
});

it("is rejected after the end of the session that it is requested with", async () => {
  const cookie = signedIn();
  const now = clock.now();
  clock.use(() => now + hours(24));
  expect(await open("/api/tickets/stream", cookie)).toMatchObject({
    status: 401,
    refusal: { code: "not-signed-in" },
  });
});

describe("a ticket that is put on sale", () => {
  const announce = (ticket: Ticket) =>
    bus.publish("ticket:created", eventBytes("ticket:created", stateOf(ticket)), newIds());

  it.each([
    ["of the list", ""],
    ["of its first tickets and what is added", `?ids=${newId()}&added=true`],
    ["of a search that finds it", `?ids=${newId()}&added=true&q=chamb`],
  ])("is shown by a stream %s", async (_what, query) => {
    const { messages } = await stream(query);
    const ticket = await ticketOnSale({ title: "Chamber music" });
    await announce(ticket);
    await eventually(() => expect(messages).toEqual([{ event: "ticket", data: stateOf(ticket) }]));
    const nowTaken = await reserve(ticket);
    await publish(nowTaken);
    await eventually(() => expect(messages[1]?.data).toEqual(stateOf(nowTaken)));
  });

  it("has its search terms computed once for all searches", async () => {
    const title = "Chamber Music";
    const queries = ["c", "ch", "cha", "cham", "chamb", "m", "mu", "mus", "opera", "jazz"];
    const streams = await Promise.all(
      queries.map((query) => stream(`?ids=${newId()}&added=true&q=${query}`)),
    );
    const ticket = await ticketOnSale({ title });
    const normalize = jest.spyOn(String.prototype, "normalize");
    await announce(ticket);
    const found = streams.slice(0, -2);
    await eventually(() => found.forEach(({ messages }) => expect(messages).toHaveLength(1)));
    const normalized = normalize.mock.contexts.map(String);
    normalize.mockRestore();
    expect(normalized.filter((text) => text === title)).toHaveLength(1);
  });

  it("is shown at the next read when the bus did not deliver it", async () => {
    const { messages } = await stream(`?ids=${newId()}&added=true`);
    const ticket = await ticketOnSale();
    jest.advanceTimersByTime(15_000);
    await eventually(() => expect(messages).toEqual([{ event: "ticket", data: stateOf(ticket) }]));
  });

  it.each([
    ["of named tickets", `?ids=${newId()}`],
    ["of a search that does not find it", `?ids=${newId()}&added=true&q=opera`],
    ["of a search without words", `?ids=${newId()}&added=true&q=.`],
    ["of a search without words and without ids", "?q=."],
  ])("is not shown by a stream %s", async (_what, query) => {
    const [{ messages }, all] = [await stream(query), await stream()];
    await announce(await ticketOnSale({ title: "Chamber music" }));
    await eventually(() => expect(all.messages).toHaveLength(1));
    expect(messages).toEqual([]);
  });
});

it.each([
  ["an id that is none", "?ids=123"],
  ["no id at all", "?ids="],
  ["operators", "?ids[$ne]=1&ids=1"],
  ["ids given twice", `?ids=${newId()}&ids=${newId()}`],
  ["more than a page of the list holds", `?ids=${Array.from({ length: 101 }, newId).join(",")}`],
])("returns 400 for %s", async (_name, query) => {
  const refused = { code: "invalid-input", errors: [{ field: "ids" }] };
  expect(await stream(query)).toMatchObject({ status: 400, refusal: refused });
});

it("accepts as many ids as a page of the list has", async () => {
  expect(await stream(`?ids=${Array.from({ length: 100 }, newId).join(",")}`)).toMatchObject({ status: 200 });
});
