import { onFailpoint } from "@eventhive/common";
import { setUpService } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "./app";
import { database } from "./database";
import { Ticket } from "./models/ticket";
import { reindexTitles } from "./reindex-titles";
import { ticketOnSale } from "../test/fixtures";
import { searchTermsOf } from "./words";

const { published } = setUpService(database);

let printed: string[];
beforeEach(() => {
  printed = [];
  jest
    .spyOn(process.stdout, "write")
    .mockImplementation((text) => Boolean(printed.push(String(text).trimEnd())));
});
afterEach(() => {
  jest.restoreAllMocks();
  onFailpoint(undefined);
});

/** Writes like a process of an older version: no version mark, and terms by older rules. */
const writeOldForm = (ticket: Ticket, title = ticket.title) =>
  Ticket.collection.updateOne(
    { _id: ticket._id },
    { $set: { title, beginnings: [title.toLowerCase()] }, $inc: { version: 1 } },
  );

const terms = async (ticket: Ticket) =>
  (await Ticket.findById(ticket.id).select("beginnings").lean())?.beginnings;

const found = async (q: string) => (await request(app).get("/api/tickets").query({ q })).body;

it("recomputes the terms of stored titles, and changes nothing else", async () => {
  const [old, current] = [await ticketOnSale({ title: "Ørsted" }), await ticketOnSale({ title: "Jazz" })];
  await writeOldForm(old);
  expect(await found("orsted")).toEqual([]);
  const before = await Ticket.find().lean();
  const events = await published("ticket:updated");

  await reindexTitles();
  expect(printed).toEqual(["reindexed 1"]);
  expect(await found("orsted")).toMatchObject([{ id: old.id }]);
  expect(await terms(current)).toEqual(searchTermsOf("Jazz"));
  expect(await Ticket.find().lean()).toEqual(before);
  expect(await published("ticket:updated")).toEqual(events);
});

it("resumes after an interruption", async () => {
  const tickets = await Promise.all(
    Array.from({ length: 3 }, (_, n) => ticketOnSale({ title: `Straße ${n}` })),
  );
  for (const ticket of tickets) await writeOldForm(ticket);
  onFailpoint(async (name) => {
    if (name === "tickets.reindex.read") throw new Error("killed");
  });
  await expect(reindexTitles()).rejects.toThrow("killed");
  onFailpoint(undefined);
  await reindexTitles();
  await reindexTitles();
  expect(printed).toEqual(["reindexed 3", "reindexed 0"]);
  expect(await found("strasse")).toHaveLength(3);
});

it("finds titles that an older process changes after reindexing", async () => {
  const ticket = await ticketOnSale({ title: "Jazz" });
  await writeOldForm(ticket, "Łódź");
  await reindexTitles();
  expect(await found("lodz")).toHaveLength(1);
});

it("never stores the terms of a previous title", async () => {
  const ticket = await ticketOnSale({ title: "Jazz" });
  await writeOldForm(ticket);
  let isFirst = true;
  onFailpoint(async (name) => {
    if (name !== "tickets.reindex.read" || !isFirst) return;
    isFirst = false;
    const edited = await Ticket.findById(ticket.id).orFail();
    edited.edit({ title: "Chamber music", price: 20 });
    await edited.save();
  });
  await reindexTitles();
  expect(await terms(ticket)).toEqual(searchTermsOf("Chamber music"));
});

it("fails while an older process keeps writing, and explains what to do", async () => {
  const ticket = await ticketOnSale();
  await writeOldForm(ticket);
  let count = 0;
  onFailpoint(async () => void (await writeOldForm(ticket, `Title ${count++}`)));
  await expect(reindexTitles()).rejects.toThrow("run this again after the rollout");
});
