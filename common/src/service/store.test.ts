import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { freePort } from "../../../infra/local/port";
import { eventually } from "../testing/eventually";
import { BlockableProxy } from "../../test/service-process";
import { createDatabase } from "../database/database";
import { mongoStore, redisStore } from "./store";

it("opens one connection to its database, even if the database restarts in the meantime", async () => {
  const proxy = new BlockableProxy(
    await freePort(),
    Number(new URL(String(process.env.TEST_MONGO_URL)).port),
  );
  process.env.MONGO_URL = `mongodb://127.0.0.1:${proxy.port}/test-${randomUUID()}`;
  await proxy.open();
  const database = createDatabase("samples");
  const store = mongoStore(database);
  await store.open();
  const client = database.getClient();

  await proxy.shut();
  await eventually(() => expect(database.readyState).toBe(0));
  await proxy.open();
  await store.open();
  await store.ping();
  expect(database.getClient()).toBe(client);
  await store.close();
  await proxy.shut();
});

it("reads the time of Redis, and whether it is available", async () => {
  const redis = new Redis(String(process.env.REDIS_URL));
  const store = redisStore(redis, "samples");
  await store.open();
  expect(Math.abs((await store.time()) - Date.now())).toBeLessThan(5000);
  await store.close();
  await expect(store.ping()).rejects.toThrow("Connection is closed");
});
