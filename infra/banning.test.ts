import { eventually, MemoryBroker, newId } from "@eventhive/common/testing";
import request from "supertest";
import { connectDatabase } from "../common/src/database/database";
import { Runtime } from "../common/src/service/runtime";
import type { ServiceDefinition } from "../common/src/service/service-definition";
import { mongoStore } from "../common/src/service/store";
import { definitions } from "../e2e/simulation/definitions";
import "../auth/src/index";
import "../tickets/src/index";
import "../orders/src/index";
import "../payments/src/index";

// The services with an API as their entry files define them, on a broker in memory.
process.env.PASSWORD_COST = "16";

const broker = new MemoryBroker();
const runtimes: Runtime[] = [];

beforeAll(async () => {
  for (const definition of definitions) {
    await connectDatabase(
      databaseOf(definition),
      `${process.env.TEST_MONGO_URL}/ban-${definition.name}-${newId()}`,
    );
    const store = mongoStore(databaseOf(definition));
    await store.open();
    const runtime = new Runtime({ ...definition, sweeps: [] }, store, broker.connect(definition.name));
    runtime.start();
    runtimes.push(runtime);
  }
});

afterAll(async () => {
  for (const definition of definitions) await databaseOf(definition).dropDatabase();
  for (const runtime of runtimes) await runtime.stop();
});

function databaseOf({ name, store }: ServiceDefinition) {
  if (!("database" in store)) throw new Error(`${name} has no database`);
  return store.database;
}

function definitionOf(service: string) {
  const found = definitions.find(({ name }) => name === service);
  if (!found?.app) throw new Error(`${service} has no API`);
  return { ...found, app: found.app };
}

const appOf = (service: string) => request(definitionOf(service).app);

async function signUp(email: string) {
  const credentials = { email, password: "correct horse" };
  const { body, headers } = await appOf("auth").post("/api/users/signup").send(credentials).expect(201);
  return { id: String(body.id), email, cookie: String(headers["set-cookie"]).split(";", 1) };
}

it("a ban reaches every service that the user has a session with, and ends what the user has begun", async () => {
  const [admin, user, buyer] = [
    await signUp("admin@example.com"),
    await signUp("user@example.com"),
    await signUp("buyer@example.com"),
  ];
  const print = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  await definitionOf("auth").commands?.["grant-admin"]?.([admin.email]);
  print.mockRestore();

  const sell = async ({ cookie }: { cookie: string[] }) => {
    const details = { title: "Chamber music", price: 20 };
    const { body } = await appOf("tickets")
      .post("/api/tickets")
      .set("Cookie", cookie)
      .send(details)
      .expect(201);
    return String(body.id);
  };
  const [own, others] = [await sell(user), await sell(buyer)];
  const order = await eventually(async () => {
    const sent = appOf("orders").post("/api/orders").set("Cookie", user.cookie).send({ ticketId: others });
    return (await sent.expect(201)).body;
  });

  const ban = { reason: "Sells forged tickets" };
  await appOf("auth").post(`/api/users/${user.id}/ban`).set("Cookie", admin.cookie).send(ban).expect(200);

  const sessionRequests = () => [
    appOf("auth").get("/api/users?email=user@example.com"),
    appOf("tickets").delete(`/api/tickets/${own}`),
    appOf("orders").get(`/api/orders/${order.id}`),
    appOf("payments").post("/api/payments").send({ orderId: order.id, token: "tok_visa" }),
  ];
  await eventually(async () => {
    for (const sent of sessionRequests())
      expect(await sent.set("Cookie", user.cookie)).toMatchObject({ status: 403, body: { code: "banned" } });
  });
  await eventually(async () => {
    const statusOf = async (id: string) => (await appOf("tickets").get(`/api/tickets/${id}`)).body.status;
    expect([await statusOf(own), await statusOf(others)]).toEqual(["withdrawn", "available"]);
  });

  await appOf("auth").delete(`/api/users/${user.id}/ban`).set("Cookie", admin.cookie).expect(200);
  await eventually(async () => {
    const { body } = await appOf("orders").get(`/api/orders/${order.id}`).set("Cookie", user.cookie);
    expect(body).toMatchObject({ status: "cancelled", buyerBanned: true });
  });
});
