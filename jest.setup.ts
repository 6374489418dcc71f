import { MongoMemoryServer } from "mongodb-memory-server";

/** One real MongoDB for all service tests; each test file has a database of its own on it. */
export default async function startMongo(): Promise<void> {
  const server = await MongoMemoryServer.create({ instance: { storageEngine: "wiredTiger" } });
  Object.assign(process.env, {
    TEST_MONGO_URL: server.getUri().replace(/\/$/, ""),
    MONGO_URL: server.getUri(),
    NATS_URL: "nats://127.0.0.1:4222",
    REDIS_URL: "redis://127.0.0.1:6379",
    JWT_KEY: "only-for-tests-only-for-tests-only-for-tests",
    PUBLIC_URL: "http://localhost:3000",
    LOG_LEVEL: "silent",
  });
  globalThis.stopMongo = async () => {
    await server.stop();
  };
}

declare global {
  var stopMongo: () => Promise<void>;
}
