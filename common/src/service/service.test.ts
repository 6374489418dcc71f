import { once } from "node:events";
import { request } from "node:http";
import { mongo } from "mongoose";
import { startMongod } from "../../test/mongod";
import { freePort } from "../../../infra/local/port";
import { hours } from "../base/clock";
import { newId, signedIn } from "../testing";
import { eventually } from "../testing/eventually";
import { BlockableProxy, endProcesses, run, testEnvironment } from "../../test/service-process";

afterAll(endProcesses);

it.concurrent("names all settings that are missing, and ends with 1", async () => {
  const service = run({});
  expect(await service.ended).toBe(1);
  for (const name of ["MONGO_URL", "NATS_URL", "JWT_KEY", "PUBLIC_URL"]) {
    expect(service.printed()).toContain(`${name} is missing`);
  }
});

it.concurrent("waits for its database, serves without the broker, and stops in order", async () => {
  const { environment, send, metrics } = await testEnvironment();
  const database = new URL(environment.MONGO_URL);
  const proxy = new BlockableProxy(await freePort(), Number(database.port));
  const behindProxy = environment.MONGO_URL.replace(`:${database.port}`, `:${proxy.port}`);
  const service = run({ environment: { ...environment, MONGO_URL: behindProxy } });

  await eventually(async () =>
    expect(await send("/readyz")).toMatchObject({
      status: 503,
      body: { waitingFor: "mongo", broker: "unavailable" },
    }),
  );
  expect((await send("/livez")).status).toBe(200);
  expect(await metrics()).toMatch(/^store_ready 0$/m);
  expect(await send("/api/samples")).toMatchObject({ status: 503, body: { code: "starting" } });
  await eventually(() => expect(service.printed()).toContain("waiting for mongo")); // one attempt has failed

  await proxy.open();
  await eventually(async () =>
    expect(await send("/readyz")).toEqual({
      status: 200,
      body: { status: "ready", broker: "unavailable" },
      retryAfter: null,
    }),
  );
  expect(await send("/api/samples")).toMatchObject({ status: 200, body: [] });

  await eventually(async () => expect(await metrics()).toMatch(/^store_ready 1$/m));
  await proxy.shut();
  const [readiness, response] = await Promise.all([send("/readyz"), send("/api/samples")]);
  expect(readiness).toMatchObject({ status: 503, body: { waitingFor: "mongo" } });
  expect(response).toMatchObject({ status: 503, retryAfter: "1", body: { code: "unavailable" } });

  await eventually(async () => expect(await metrics()).toMatch(/^store_ready 0$/m)); // within 10 s
  await proxy.open();
  await eventually(async () => expect((await send("/readyz")).status).toBe(200));
  expect((await send("/api/samples")).status).toBe(200);

  service.signal("SIGTERM");
  await eventually(async () => expect(await send("/readyz")).toMatchObject({ status: 503 }));
  expect(await service.ended).toBe(0);
  expect(service.printed()).toContain("the worker has stopped");
  await proxy.shut();
});

it.concurrent(
  "responds with 503 within seconds while its database is frozen, and recovers afterwards",
  async () => {
    const mongod = await startMongod();
    const { environment, send } = await testEnvironment();
    const service = run({ environment: { ...environment, MONGO_URL: mongod.url("samples") } });
    await eventually(async () => expect((await send("/readyz")).status).toBe(200));

    await mongod.freeze();
    // More than there are connections to the database, so that some wait for one.
    const sent = Array.from({ length: 150 }, (_, n) => send("/api/samples", n % 2 ? "PUT" : "GET"));
    const responses = await Promise.all([...sent, send("/readyz")]);
    expect(new Set(responses.map(({ status, retryAfter }) => `${status} ${retryAfter}`))).toEqual(
      new Set(["503 1"]),
    );
    mongod.thaw();
    await eventually(async () => expect((await send("/readyz")).status).toBe(200));
    expect((await send("/api/samples", "PUT")).status).toBe(200);

    await mongod.freeze();
    service.signal("SIGTERM");
    expect(await service.ended).toBe(0);
    await mongod.stop();
  },
);

it.concurrent("waits for a database that is frozen when it starts", async () => {
  const mongod = await startMongod();
  const { environment, send } = await testEnvironment();
  await mongod.freeze();
  const service = run({ environment: { ...environment, MONGO_URL: mongod.url("samples") } });
  await eventually(() => expect(service.printed()).toContain("waiting for mongo"));
  expect(await send("/api/samples")).toMatchObject({
    status: 503,
    retryAfter: "1",
    body: { code: "starting" },
  });
  mongod.thaw();
  await eventually(async () => expect((await send("/readyz")).status).toBe(200));
  expect((await send("/api/samples")).status).toBe(200);
  service.signal("SIGTERM");
  expect(await service.ended).toBe(0);
  await mongod.stop();
});

it.concurrent("accepts no request before it has read whose sessions to reject", async () => {
  const mongod = await startMongod();
  const { environment, send } = await testEnvironment();
  const [userId, since] = [newId(), new Date()];
  const client = new mongo.MongoClient(mongod.url("samples"));
  await client
    .db()
    .collection("bans")
    .insertOne({
      _id: new mongo.ObjectId(userId),
      version: 1,
      banned: true,
      since,
      storedAt: since,
      expiresAt: new Date(since.getTime() + hours(26)),
    });
  await client.close();
  await mongod.failReads("samples.bans");
  const service = run({ environment: { ...environment, MONGO_URL: mongod.url("samples") } });
  await eventually(() => expect(service.printed()).toContain("waiting for mongo"));
  const mine = () => send("/api/samples/mine", "GET", signedIn(userId));
  expect(await mine()).toMatchObject({ status: 503, body: { code: "starting" } });

  await mongod.failReads();
  const first = await eventually(async () => {
    const response = await mine();
    expect(response).not.toMatchObject({ body: { code: "starting" } });
    return response;
  });
  expect(first).toMatchObject({ status: 403, body: { code: "banned" } });
  service.signal("SIGTERM");
  expect(await service.ended).toBe(0);
  await mongod.stop();
});

it.concurrent("completes requests in flight when it is stopped", async () => {
  const { port, environment, send } = await testEnvironment();
  const service = run({ environment });
  await eventually(async () => expect((await send("/readyz")).status).toBe(200));
  const headers = { "Content-Type": "application/json", "Content-Length": 2 };
  const sent = request({ host: "127.0.0.1", port, path: "/api/samples", method: "POST", headers });
  const status = once(sent, "response").then(
    ([{ statusCode }]) => statusCode,
    (error: unknown) => error,
  );
  sent.write("{");
  service.signal("SIGTERM");
  await eventually(() => expect(send("/livez")).rejects.toThrow("fetch failed")); // it takes no more
  await eventually(() => expect(service.printed()).toContain("the worker has stopped")); // meanwhile
  sent.end("}");
  expect(await status).toBe(200);
  expect(await service.ended).toBe(0);
});

it.concurrent("ends with 1 when a request keeps it from stopping in time", async () => {
  const { port, environment, send } = await testEnvironment();
  const service = run({ environment: { ...environment, SHUTDOWN_TIMEOUT: "3s", BODY_TIMEOUT: "1m" } });
  await eventually(async () => expect((await send("/readyz")).status).toBe(200));
  const headers = { "Content-Type": "application/json", "Content-Length": 2 };
  const sent = request({ host: "127.0.0.1", port, path: "/api/samples", method: "POST", headers });
  const cut = once(sent, "error");
  sent.write("{"); // and never the rest
  service.signal("SIGTERM");
  expect(await service.ended).toBe(1);
  expect(service.printed()).toContain("could not shut down in time");
  await cut;
});

it.concurrent("names the port that is in use, and ends at once at a second signal", async () => {
  const { port, environment, send } = await testEnvironment();
  const service = run({ environment });
  await eventually(async () => expect((await send("/readyz")).status).toBe(200));

  const second = run({ environment });
  expect(await second.ended).toBe(1);
  expect(second.printed()).toContain(`Cannot listen on port ${port}; set PORT to another one`);

  service.signal("SIGINT");
  await eventually(async () => expect((await send("/readyz")).status).toBe(503));
  service.signal("SIGINT");
  expect(await service.ended).toBe(1);
});

it.concurrent("runs a command instead, and ends with 0", async () => {
  const { environment } = await testEnvironment();
  const command = run({ args: ["dead-letters"], environment });
  expect(await command.ended).toBe(0);
});
