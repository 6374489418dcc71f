import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoMemoryServer } from "mongodb-memory-server";
import { findTool, kustomize, promtool } from "../k8s/find-tool";
import { findMongod, findNatsStreaming, startRedis } from "../local/servers";

declare global {
  var stopServers: () => Promise<void>;
}

/**
 * Real servers for the service tests: one MongoDB, on which each test file has a database of its own, one Redis, and
 * the binary of NATS Streaming, which its tests start and kill themselves; kustomize, which renders the manifests, and promtool, which tries the alerts.
 */
export default async function startServers(): Promise<void> {
  const say = console.log;
  const systemBinary = await findMongod({ say });
  const natsBinary = await findNatsStreaming({ say });
  const [kustomizeBinary, promtoolBinary] = [
    await findTool(kustomize, { say }),
    await findTool(promtool, { say }),
  ];
  process.env.MONGOMS_SYSTEM_BINARY_VERSION_CHECK = "false"; // any MongoDB from 6 on will do
  const folder = await mkdtemp(join(tmpdir(), "eventhive-tests-"));
  const mongo = await MongoMemoryServer.create({
    binary: { systemBinary },
    instance: { storageEngine: "wiredTiger", launchTimeout: 60_000 }, // 10 s is too short on a busy machine
  });
  const redis = await startRedis({ dataFolder: folder, say });

  Object.assign(process.env, {
    TEST_MONGO_URL: mongo.getUri().replace(/\/$/, ""),
    MONGO_URL: mongo.getUri(),
    MONGOD_BINARY: systemBinary,
    REDIS_URL: redis.url,
    NATS_URL: "nats://127.0.0.1:4222", // service tests have a bus in memory
    NATS_STREAMING_BINARY: natsBinary,
    KUSTOMIZE: kustomizeBinary,
    PROMTOOL: promtoolBinary,
    JWT_KEY: "only-for-tests-only-for-tests-only-for-tests",
    PUBLIC_URL: "http://localhost:3000",
    LOG_LEVEL: "silent",
    MONGO_TIMEOUT_SECONDS: "30", // some tests send hundreds of operations at once
  });
  globalThis.stopServers = async () => {
    await Promise.all([mongo.stop(), redis.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
}
