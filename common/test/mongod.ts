import { MongoMemoryServer } from "mongodb-memory-server";

export type Mongod = Awaited<ReturnType<typeof startMongod>>;

const started: { stop: () => Promise<void> }[] = [];

// Also after a failed test: a remaining process would keep the test run from ending.
afterAll(() => Promise.all(started.map((mongod) => mongod.stop())));

/** A MongoDB for one test that can be frozen: its connections stay open, but it does not respond. */
export async function startMongod() {
  const server = await MongoMemoryServer.create({
    binary: { systemBinary: process.env.MONGOD_BINARY },
    instance: { storageEngine: "wiredTiger", launchTimeout: 60_000 }, // 10 s is too short on a busy machine
  });
  const signal = (name: NodeJS.Signals) => server.instanceInfo?.instance.mongodProcess?.kill(name);
  const mongod = {
    url: (database: string) => server.getUri(database),
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    stop: async () => {
      signal("SIGCONT"); // a frozen process would not stop
      await server.stop();
    },
  };
  started.push(mongod);
  return mongod;
}
