import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Document } from "../common/test/documented-responses";
import { Client, type Order, type Ticket, type User, bodyOf, newUser } from "./client";
import { readEventLog } from "./event-log";
import { orderOf, replicated, ticketOnSale } from "./setup";
import { card, database, stackFile } from "./stack";
import { eventually } from "../common/src/testing/eventually";

let seller: Client;
let buyer: Client;
let stranger: Client;
let ticket: Ticket;
let order: Order;

beforeAll(async () => {
  [seller, buyer, stranger] = await Promise.all([newUser("seller"), newUser("buyer"), newUser("stranger")]);
  ticket = await ticketOnSale(seller);
  order = await orderOf(buyer, ticket);
});

/** What everyone may see. */
const isPublic = ([method, template]: string[]) =>
  method === "GET" && /^\/api\/tickets\/(\{\w+\}|stream)$/.test(String(template));

describe("another user's objects", () => {
  it("are refused by every operation that takes an id", async () => {
    const { paths } = await bodyOf(stranger.send<Document>("GET", "/api/openapi.json"));
    const operations = Object.entries(paths).flatMap(([template, byMethod]) =>
      template.includes("{") ? Object.keys(byMethod).map((method) => [method.toUpperCase(), template]) : [],
    );
    const guarded = operations.filter((operation) => !isPublic(operation));
    expect(guarded.length).toBeGreaterThanOrEqual(5);
    for (const [method = "", template = ""] of guarded) {
      const { id } = template.startsWith("/api/tickets") ? ticket : order;
      const body = method.startsWith("P") ? { title: "Mine now", price: 1, reason: "Mine" } : undefined; // PUT or POST
      const response = await stranger.send(method, template.replace(/\{\w+\}/, id), body);
      expect([method, template, response.status]).toEqual([method, template, 403]);
    }
  });

  it("cannot be paid, and are in no list", async () => {
    const { status, body } = await stranger.pay(order);
    expect([status, body]).toEqual([403, expect.objectContaining({ code: "not-yours" })]);
    expect(await bodyOf(stranger.orders())).toEqual([]);
    expect(await bodyOf(stranger.payments())).toEqual([]);
    expect(await bodyOf(stranger.tickets("?mine=true"))).toEqual([]);
  });
});

it("ignores fields that a client may not set", async () => {
  const forged = {
    id: order.id,
    _id: order.id,
    userId: order.userId,
    version: 7,
    status: "sold",
    role: "admin",
  };
  const credentials = { email: `${randomUUID()}@example.com`, password: "correct horse" };
  const owner = new Client();
  const user = await bodyOf(owner.send<User>("POST", "/api/users/signup", { ...forged, ...credentials }));
  expect(user).toEqual({ id: expect.any(String), email: credentials.email });
  expect(user.id).not.toBe(order.id);

  const described = { title: "Jazz", price: 5 };
  const mine = await bodyOf(
    owner.send<Ticket>("POST", "/api/tickets", { ...forged, orderId: order.id, ...described }),
  );
  expect(mine).toMatchObject({ ...described, version: 0, status: "available", userId: user.id });
  expect(mine).not.toHaveProperty("orderId");
  const edit = { ...forged, ...described, version: mine.version }; // the version that the edit replaces
  const edited = await bodyOf(owner.send<Ticket>("PUT", `/api/tickets/${mine.id}`, edit));
  expect(edited).toEqual(mine);

  await replicated("orders", "tickets", mine);
  const input = { ...forged, ticketId: mine.id, expiresAt: "2099-01-01T00:00:00.000Z" };
  const reserved = await bodyOf(stranger.send<Order>("POST", "/api/orders", input));
  expect(reserved).toMatchObject({ version: 0, status: "created", ticket: { id: mine.id, price: 5 } });
  expect(reserved.userId).not.toBe(order.userId);
  expect(Date.parse(reserved.expiresAt)).toBeLessThan(Date.parse("2099-01-01"));
});

it.each(["/metrics", "/livez", "/readyz", "/api/metrics", "/api/users/metrics", "/api/orders/../../metrics"])(
  "does not expose %s of the services",
  async (path) => {
    const response = await fetch(stackFile().url + path, { redirect: "manual" });
    expect(await response.text()).not.toMatch(/process_cpu|nodejs_|waitingFor/);
  },
);

it("keeps passwords, emails, tokens and cards out of logs, events and other services", async () => {
  const client = new Client();
  const email = `${randomUUID()}@example.com`;
  const password = `correct ${randomUUID()}`;
  await bodyOf(client.signUp({ email, password }));
  expect((await client.signIn({ email, password: `wrong ${password}` })).status).toBe(400);
  await bodyOf(client.signIn({ email, password }));
  const mine = await orderOf(client, await ticketOnSale(seller));
  const token = await card();
  await bodyOf(client.pay(mine, token));
  await eventually(async () =>
    expect(await bodyOf(client.showOrder(mine))).toMatchObject({ status: "complete" }),
  );

  const { jwt }: { jwt: string } = JSON.parse(
    Buffer.from(String(client.cookie.split("=")[1]), "base64").toString(),
  );
  const secrets = [email, password, token, client.cookie, jwt];
  for (const { name, log } of stackFile().processes) {
    const text = readFileSync(log, "utf8");
    expect([name, secrets.filter((secret) => text.includes(secret))]).toEqual([name, []]);
  }
  const { events, close } = await readEventLog(stackFile().servers.nats);
  await eventually(() => expect(JSON.stringify(events)).toContain(mine.id));
  await close();
  expect(secrets.filter((secret) => JSON.stringify(events).includes(secret))).toEqual([]);
  for (const service of ["tickets", "orders", "payments"])
    for (const { collectionName } of await database(service).collections()) {
      const stored = JSON.stringify(await database(service).collection(collectionName).find().toArray());
      expect([collectionName, [email, password, jwt].filter((secret) => stored.includes(secret))]).toEqual([
        collectionName,
        [],
      ]);
    }
});
