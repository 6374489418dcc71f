import { MongoMemoryServer } from "mongodb-memory-server";
import { withAdmin } from "../src/service/replica-set";
import { freeze } from "./freeze";

export type Mongod = Awaited<ReturnType<typeof startMongod>>;

const started: { stop: () => Promise<void> }[] = [];

// Also after a failed test: a remaining process would keep the test run from ending.
afterAll(() => Promise.all(started.map((mongod) => mongod.stop())));

/**
 * A MongoDB for one test that can be frozen: its connections stay open, but it does not respond. Or all reads of one
 * collection fail.
 */
export async function startMongod() {
  const server = await MongoMemoryServer.create({
    binary: { systemBinary: process.env.MONGOD_BINARY },
    instance: {
      storageEngine: "wiredTiger",
      launchTimeout: 60_000, // 10 s is too short on a busy machine
      args: ["--setParameter", "enableTestCommands=1"],
    },
  });
  const child = () => server.instanceInfo?.instance.mongodProcess;
  const mongod = {
    url: (database: string) => server.getUri(database),
    freeze: () => freeze(child()?.pid),
    thaw: () => child()?.kill("SIGCONT"),
    /** Until it is called without a collection, which is named like `samples.bans`. */
    failReads: (namespace?: string) =>
      withAdmin(server.getUri(), {}, (admin) =>
        admin.command({
          configureFailPoint: "failCommand",
          mode: namespace ? "alwaysOn" : "off",
          data: { failCommands: ["find"], namespace, errorCode: 1 },
        }),
      ),
    stop: async () => {
      child()?.kill("SIGCONT"); // a frozen process would not stop
      await server.stop();
    },
  };
  started.push(mongod);
  return mongod;
}
