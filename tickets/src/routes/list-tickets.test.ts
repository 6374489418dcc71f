import { clock, hours } from "@eventhive/common";
import { deliver, newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { access } from "../access";
import { app } from "../app";
import { database } from "../database";
import { orderCancelled, orderCompleted, orderCreated } from "../listeners/orders";
import { orderEvent, ticketOnSale } from "../../test/fixtures";

setUpService(database);

interface Listed {
  title: string;
}

const list = (query: object = {}, cookie = "") =>
  request(app).get("/api/tickets").set("Cookie", cookie).query(query);
const titles = (tickets: Listed[]) => tickets.map(({ title }) => title);

/** Tickets that went on sale one after the other, named by their titles. */
async function onSale(tickets: Record<string, number>, userId = newId()): Promise<void> {
  let now = Date.parse("2030-01-01T00:00:00Z");
  clock.use(() => now++);
  for (const [title, price] of Object.entries(tickets)) await ticketOnSale({ title, price, userId });
}

it("lists tickets on sale to anyone, newest first", async () => {
  await onSale({ oldest: 1, middle: 2, newest: 3 });
  const { body, headers } = await list().expect(200);
  expect(titles(body)).toEqual(["newest", "middle", "oldest"]);
  expect(body[0]).toEqual({
    id: expect.any(String),
    version: 0,
    createdAt: expect.any(String),
    title: "newest",
    price: 3,
    userId: expect.any(String),
    status: "available",
    withdrawn: false,
  });
  expect(headers.link).toBeUndefined();
});

it("omits reserved, sold and withdrawn tickets, except in the caller's own list", async () => {
  const seller = newId();
  const sell = (title: string) => ticketOnSale({ title, userId: seller });
  await sell("free");
  await deliver(orderCreated, orderEvent(await sell("reserved")));
  await deliver(orderCompleted, orderEvent(await sell("sold"), { status: "complete" }));
  const { id } = await sell("withdrawn");
  await request(app).delete(`/api/tickets/${id}`).set("Cookie", signedIn(seller)).expect(204);
  await ticketOnSale({ title: "another seller's" });

  expect(titles((await list()).body).toSorted()).toEqual(["another seller's", "free"]);
  const mine = await list({ mine: true }, signedIn(seller)).expect(200);
  expect(titles(mine.body).toSorted()).toEqual(["free", "reserved", "sold", "withdrawn"]);
});

it("lists a banned user the tickets on sale, but not their own", async () => {
  const id = newId();
  const [userBanned] = access.listeners;
  await deliver(userBanned, { id, version: 1, banned: true, since: new Date().toISOString() });
  await list({}, signedIn(id)).expect(200);
  expect((await list({ mine: true }, signedIn(id)).expect(403)).body.code).toBe("banned");
});

it("shows only the seller how often a ticket was reserved without payment in a day", async () => {
  const ticket = await ticketOnSale();
  const end = (hoursAgo: number) => {
    const expiresAt = new Date(Date.now() - hours(hoursAgo)).toISOString();
    return deliver(orderCancelled, orderEvent(ticket, { version: 1, status: "cancelled", expiresAt }));
  };
  for (const hoursAgo of [0, 1, 23, 25]) await end(hoursAgo);
  await deliver(orderCreated, orderEvent(ticket));
  await ticketOnSale({ title: "Never reserved", userId: ticket.userId });

  const mine = await list({ mine: true, sort: "price" }, signedIn(ticket.userId)).expect(200);
  const counts = mine.body.map((listed: Listed & { unpaidReservations: number }) => [
    listed.title,
    listed.unpaidReservations,
  ]);
  expect(counts).toEqual([
    ["Chamber music", 3],
    ["Never reserved", 0],
  ]);
  expect((await list()).body[0]).not.toHaveProperty("unpaidReservations");
});

it("responds with 401 to ?mine=true without a session", async () => {
  expect((await list({ mine: true }).expect(401)).body.code).toBe("not-signed-in");
});

it.each([
  ["newest", ["c", "b", "a"]],
  ["price", ["b", "a", "c"]],
  ["-price", ["c", "a", "b"]],
])("sorts by %s", async (sort, expected) => {
  await onSale({ a: 20, b: 10, c: 30 });
  expect(titles((await list({ sort })).body)).toEqual(expected);
});

it.each([
  ["sort", "sort=cheapest"],
  ["sort", "sort=constructor"],
  ["sort", "sort=price&sort=newest"],
  ["q", "q=one&q=two"],
  ["q", `q=${"x".repeat(201)}`],
  ["limit", "limit=0"],
  ["limit", "limit=101"],
  ["cursor", "cursor=nonsense"],
])("returns 400 that names %s for ?%2$s", async (field, query) => {
  const { body } = await request(app).get(`/api/tickets?${query}`).expect(400);
  expect(body).toMatchObject({ code: "invalid-input", errors: [{ field }] });
});

it("counts the characters of a query in code points", async () => {
  await list({ q: "🎻".repeat(200) }).expect(200);
  await list({ q: "🎻".repeat(201) }).expect(400);
});

it("ignores operators in the query as unknown names", async () => {
  await onSale({ a: 1 });
  const { body } = await request(app).get("/api/tickets?q[$ne]=x&mine[$ne]=1").expect(200);
  expect(titles(body)).toEqual(["a"]);
});

it.each(["newest", "price", "-price"])(
  "returns each ticket once over all pages sorted by %s",
  async (sort) => {
    await onSale({ "jazz a": 10, "jazz b": 10, "jazz c": 10, "jazz d": 20, "jazz e": 5, blues: 10 });
    const { body: whole } = await list({ sort, q: "jazz" }).expect(200);

    const seen: Listed[] = [];
    let next: string | undefined = `/api/tickets?limit=2&q=jazz&sort=${sort}`;
    for (let pages = 0; next && pages < 5; pages++) {
      const { body, headers }: request.Response = await request(app).get(next).expect(200);
      seen.push(...body);
      next = /^<(.*)>; rel="next"$/.exec(headers.link ?? "")?.[1];
    }
    expect(seen).toEqual(whole);
    expect(seen).toHaveLength(5);
  },
);

it("rejects a cursor of another list", async () => {
  const seller = newId();
  await onSale({ "jazz a": 10, "jazz b": 10 }, seller);
  const { headers } = await list({ q: "jazz", limit: 1 });
  const cursor = new URL(/<(.*)>/.exec(headers.link ?? "")?.[1] ?? "", "http://localhost").searchParams.get(
    "cursor",
  );
  await list({ q: "jazz", cursor }).expect(200);
  const others = [{}, { q: "blues" }, { q: "jazz", sort: "price" }, { q: "jazz", mine: true }];
  for (const other of others) {
    const { body } = await list({ ...other, cursor }, signedIn(seller)).expect(400);
    expect(body.errors).toMatchObject([{ field: "cursor" }]);
  }
});
