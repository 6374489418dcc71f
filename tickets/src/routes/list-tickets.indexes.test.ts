import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";
import { database } from "../database";
import { Ticket } from "../models/ticket";
import { searchTermsOf } from "../words";

setUpService(database);

interface ProfiledQuery {
  planSummary: string;
  docsExamined: number;
  keysExamined: number;
  hasSortStage?: boolean;
}

const seller = newId();

/** A third is sold, one in twenty is jazz, one in thirty is the seller's. */
async function manyTickets(): Promise<void> {
  const tickets = Array.from({ length: 600 }, (_, index) => {
    const title = index % 20 === 0 ? "Jazz at the harbour" : "Chamber music at the castle";
    const sold = index % 3 === 1;
    return {
      title,
      beginnings: searchTermsOf(title),
      price: 10 + (index % 7),
      userId: index % 30 === 0 ? seller : newId(),
      createdAt: new Date(Date.parse("2030-01-01") + index),
      sold,
      available: !sold,
    };
  });
  await Ticket.insertMany(tickets);
}

/** Requests a page, and returns how the database found it. */
async function profile(url: string): Promise<{ next: string; page: object }> {
  const { body, headers } = await request(app).get(url).set("Cookie", signedIn(seller)).expect(200);
  const seen = database.collection<ProfiledQuery>("system.profile");
  const [query] = await seen
    .find({ op: "query", "command.find": "tickets", "command.sort._id": { $exists: true } })
    .sort({ $natural: -1 })
    .limit(1)
    .toArray();
  const next = /<(.*)>/.exec(headers.link ?? "")?.[1] ?? "";
  const examined = Math.max(Number(query?.docsExamined), Number(query?.keysExamined));
  return {
    next,
    page: {
      tickets: body.length,
      plan: query?.planSummary.split(" ")[0],
      isSortedInMemory: query?.hasSortStage ?? false,
      isCheap: examined <= 20,
    },
  };
}

const sorts = ["newest", "price", "-price"];
const lists = ["", "&q=jazz", "&q=j+harb", "&mine=true", "&mine=true&q=jazz"];
const queries = sorts.flatMap((sort) => lists.map((list) => `/api/tickets?limit=5&sort=${sort}${list}`));

it("serves every list, and its next page, from an index in sort order", async () => {
  await manyTickets();
  await database.db?.command({ profile: 2 });
  for (const query of queries) {
    const first = await profile(query);
    const second = await profile(first.next);
    const ordered = { tickets: 5, plan: "IXSCAN", isSortedInMemory: false, isCheap: true };
    expect({ query, pages: [first.page, second.page] }).toEqual({ query, pages: [ordered, ordered] });
  }
});
