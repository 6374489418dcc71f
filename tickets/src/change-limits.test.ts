import { clock, hours, minutes } from "@eventhive/common";
import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "./app";
import { database } from "./database";
import { refusedChanges } from "./metrics";
import { Ticket } from "./models/ticket";
import { ticketOnSale } from "../test/fixtures";

// Read at first use.
Object.assign(process.env, {
  MAX_LISTINGS_PER_NETWORK_PER_DAY: "10",
  MAX_LISTINGS_PER_SITE_PER_DAY: "15",
  MAX_EDITS_PER_NETWORK_PER_HOUR: "5",
  MAX_EDITS_PER_SITE_PER_HOUR: "8",
});

setUpService(database);

const midnight = hours(24) * (Math.floor(Date.now() / hours(24)) + 1);
beforeEach(() => {
  clock.use(() => midnight);
  refusedChanges.reset();
});

const list = (address: string) =>
  request(app)
    .post("/api/tickets")
    .set("Cookie", signedIn(newId()))
    .set("X-Forwarded-For", address)
    .send({ title: "Chamber music", price: 20 });

async function edit(address: string) {
  const { id, userId } = await ticketOnSale();
  return request(app)
    .put(`/api/tickets/${id}`)
    .set("Cookie", signedIn(userId))
    .set("X-Forwarded-For", address)
    .send({ title: "Early music", price: 30 });
}

const parallel = <T>(count: number, act: (index: number) => PromiseLike<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)));

const networks: [string, (index: number) => string][] = [
  ["an IPv4 address", () => "203.0.113.7"],
  ["an IPv6 /64", (index) => `2001:db8:1:2::${index + 1}`],
];
const addressOfSite = (index: number) => `2001:db8:1:${index + 1}::1`;

async function refusals() {
  const { values } = await refusedChanges.get();
  return Object.fromEntries(values.map(({ labels, value }) => [labels.limit, value]));
}

it.each(networks)(
  "limits listings per day from %s, however many sellers list in parallel",
  async (_what, addressOf) => {
    const responses = await parallel(14, (index) => list(addressOf(index)));
    const refused = responses.filter(({ status }) => status !== 201);
    expect(refused).toHaveLength(4);
    for (const { status, body, headers } of refused)
      expect([status, body.code, headers["retry-after"]]).toEqual([429, "too-many-from-network", "86400"]);
    expect(await Ticket.countDocuments()).toBe(10);
    expect(await refusals()).toEqual({ listings_of_network: 4 });

    await list("198.51.100.1").expect(201);
    clock.use(() => midnight + hours(24));
    await list(addressOf(0)).expect(201);
  },
);

it("limits listings per day from an IPv6 /48", async () => {
  const responses = await parallel(18, (index) => list(addressOfSite(index)));
  expect(responses.filter(({ status }) => status === 429)).toHaveLength(3);
  expect(await Ticket.countDocuments()).toBe(15);
  expect(await refusals()).toEqual({ listings_of_site: 3 });
});

it.each(networks)(
  "limits edits per hour from %s, however many sellers edit in parallel",
  async (_what, addressOf) => {
    const responses = await parallel(7, (index) => edit(addressOf(index)));
    const refused = responses.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(2);
    for (const { status, body, headers } of refused)
      expect([status, body.code, headers["retry-after"]]).toEqual([429, "too-many-from-network", "3600"]);
    expect(await Ticket.countDocuments({ title: "Early music" })).toBe(5);
    expect(await refusals()).toEqual({ edits_of_network: 2 });

    clock.use(() => midnight + minutes(60));
    expect((await edit(addressOf(0))).status).toBe(200);
  },
);

it("limits edits per hour from an IPv6 /48", async () => {
  const responses = await parallel(10, (index) => edit(addressOfSite(index)));
  expect(responses.filter(({ status }) => status === 429)).toHaveLength(2);
  expect(await refusals()).toEqual({ edits_of_site: 2 });
});

it("stores no addresses", async () => {
  await list("203.0.113.7").expect(201);
  const counts = await database.collection("actioncounts").find().toArray();
  expect(counts).toMatchObject([{ count: 1 }]);
  expect(JSON.stringify(counts)).not.toContain("203.0.113.7");
});
