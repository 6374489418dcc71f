import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Document } from "../common/test/documented-responses";
import { Client, type Order, type Ticket, type User, bodyOf, newUser } from "./client";
import { readEventLog } from "./event-log";
import { linkTo } from "./mailbox";
import { orderOf, replicated, ticketOnSale } from "./setup";
import { card, database, run, stackFile } from "./stack";
import { eventually } from "../common/src/testing/eventually";
import { databaseServices } from "../infra/services";

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

describe("an account", () => {
  /** Of the email and of both passwords. */
  const [name, firstPassword, password] = [randomUUID(), randomUUID(), randomUUID()];
  const email = `${name}@example.com`;
  const client = new Client();
  let user: User;
  let bought: Order;
  let token: string;
  let resetToken: string;

  beforeAll(async () => {
    user = await bodyOf(client.signUp({ email, password: firstPassword }));
    expect((await client.signIn({ email, password: `wrong ${firstPassword}` })).status).toBe(400);
    await findAsAdministrator();
    await resetPassword();
    await bodyOf(client.signIn({ email, password }));
    bought = await orderOf(client, await ticketOnSale(seller));
    token = await card();
    await bodyOf(client.pay(bought, token));
    await eventually(async () =>
      expect(await bodyOf(client.showOrder(bought))).toMatchObject({ status: "complete" }),
    );
  });

  async function findAsAdministrator(): Promise<void> {
    const admin = new Client();
    const { email: own } = await bodyOf(
      admin.signUp({ email: `${randomUUID()}@example.com`, password: firstPassword }),
    );
    await run("auth", "grant-admin", own);
    expect(await bodyOf(admin.send("GET", `/api/users?email=${email}`))).toMatchObject([{ email }]);
    const headers = { cookie: admin.cookie };
    const page = await fetch(`${stackFile().url}/admin?email=${email}`, { headers });
    expect(await page.text()).toContain(email);
  }

  async function resetPassword(): Promise<void> {
    await bodyOf(client.send("POST", "/api/users/password-reset", { email }));
    const path = await linkTo(email, "Reset your password");
    expect((await fetch(stackFile().url + path)).status).toBe(200);
    [, resetToken = ""] = path.split("token=");
    await bodyOf(client.send("POST", "/api/users/password-reset/confirm", { token: resetToken, password }));
  }

  it("keeps passwords, emails, tokens and cards out of logs, events and other services", async () => {
    const { jwt }: { jwt: string } = JSON.parse(
      Buffer.from(String(client.cookie.split("=")[1]), "base64").toString(),
    );
    const secrets = [name, firstPassword, password, resetToken, client.cookie, jwt];
    expect(logsWith(...secrets, token)).toEqual([]);
    expect(await eventsWith(bought.id, ...secrets, token)).toEqual([]);
    expect(await collectionsWith(["tickets", "orders", "payments"], ...secrets)).toEqual([]);
  });

  it("leaves nothing personal when it is deleted, and what was bought and paid stays", async () => {
    await bodyOf(client.send("POST", "/api/users/deletion", { password }));
    expect(logsWith(name)).toEqual([]);
    expect(await eventsWith("user:deleted", name)).toEqual([]);
    expect(await collectionsWith(databaseServices, name)).toEqual([]);
    const isOf = { userId: user.id };
    expect(await database("orders").collection("orders").find(isOf).toArray()).toMatchObject([
      { ticket: { price: 20 }, status: "complete" },
    ]);
    expect(await database("payments").collection("payments").find(isOf).toArray()).toMatchObject([
      { orderId: bought.id, amount: 2000, state: "settled" },
    ]);
    const sales = await bodyOf(seller.send<{ id: string }[]>("GET", "/api/orders/sales"));
    expect(sales.map(({ id }) => id)).toContain(bought.id);
  });
});

const isIn = (text: string, words: string[]): boolean => words.some((word) => text.includes(word));

const logsWith = (...words: string[]): string[] =>
  stackFile().processes.flatMap(({ name, log }) => (isIn(readFileSync(log, "utf8"), words) ? name : []));

/** @param last contained in the last event of the test */
async function eventsWith(last: string, ...words: string[]): Promise<unknown[]> {
  const { events, close } = await readEventLog(stackFile().servers.nats);
  await eventually(() => expect(JSON.stringify(events)).toContain(last));
  await close();
  return events.filter((event) => isIn(JSON.stringify(event), words));
}

async function collectionsWith(services: string[], ...words: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const service of services)
    for (const { collectionName } of await database(service).collections()) {
      const documents = await database(service).collection(collectionName).find().toArray();
      if (isIn(JSON.stringify(documents), words)) found.push(`${service}.${collectionName}`);
    }
  return found;
}
