import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool, kustomize, promtool } from "../k8s/find-tool";
import { table } from "../local/table";
import { findMongod, findNatsServer, findNatsStreaming, startMongo, startRedis } from "../local/servers";
import { type Selection, selectedFiles, variablesIn } from "./needs";

declare global {
  /** By the name of the project, as one run may have several. */
  var stopServers: Record<string, () => Promise<void>> | undefined;
}

/** The part of a project's configuration that is used here. */
export interface Project {
  displayName: { name: string };
  roots: string[];
  rootDir: string;
}

const print = console.log;

/** For each variable, a function that starts its server and returns the value and a function to stop it. */
const servers: Record<
  string,
  (dataFolder: string) => Promise<{ value: string; stop?: () => Promise<unknown> }>
> = {
  /** Shared by all test files, each of which has its own database. */
  TEST_MONGO_URL: async (dataFolder) => {
    const mongo = await startMongo({ dataFolder, print });
    return { value: mongo.url, stop: () => mongo.stop() };
  },
  REDIS_URL: async (dataFolder) => {
    const redis = await startRedis({ dataFolder, print });
    return { value: redis.url, stop: () => redis.stop() };
  },
  // Binaries that tests start themselves:
  MONGOD_BINARY: async () => ({ value: await findMongod({ print }) }),
  NATS_STREAMING_BINARY: async () => ({ value: await findNatsStreaming({ print }) }),
  NATS_SERVER_BINARY: async () => ({ value: await findNatsServer({ print }) }),
  KUSTOMIZE: async () => ({ value: await findTool(kustomize, { print }) }),
  PROMTOOL: async () => ({ value: await findTool(promtool, { print }) }),
};

/**
 * Prints how many test files have received each documented response.
 * @param file what they have recorded: lines such as `documented GET /api/tickets 200` and `seen GET /api/tickets 200`
 * @returns the responses that none has received
 */
async function reportCoverage(file: string): Promise<string[]> {
  const lines = (await readFile(file, "utf8")).split("\n");
  const after = (prefix: string) =>
    lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  const seen = after("seen ");
  const responses = [...new Set(after("documented "))].toSorted();
  const counts = new Map(responses.map((each) => [each, seen.filter((name) => name === each).length]));

  const statuses = [...new Set(responses.map((response) => response.slice(-3)))].toSorted();
  const operations = [...new Set(responses.map((response) => response.slice(0, -4)))];
  const rows = operations.map((each) => [each, ...statuses.map((status) => counts.get(`${each} ${status}`))]);
  print(`\nTest files that received each documented response:\n${table([["", ...statuses], ...rows])}\n`);
  return responses.filter((response) => counts.get(response) === 0);
}

/** Starts the real servers whose variables occur in the selected test files of a project, or in their imports. */
export default async function startServers(
  selection: Selection,
  { displayName: { name }, roots, rootDir }: Project,
): Promise<void> {
  Object.assign(process.env, {
    MONGOMS_SYSTEM_BINARY_VERSION_CHECK: "false", // any MongoDB from version 6 on
    MONGO_URL: "mongodb://127.0.0.1:1", // required settings; nothing listens there
    REDIS_URL: "redis://127.0.0.1:1",
    NATS_URL: "nats://127.0.0.1:4222", // service tests have a bus in memory
    JWT_KEY: "only-for-tests-only-for-tests-only-for-tests",
    PUBLIC_URL: "http://localhost:3000",
    LOG_LEVEL: "silent",
    MONGO_TIMEOUT_SECONDS: "30", // some tests send hundreds of operations at once
  });
  const folder = await mkdtemp(join(tmpdir(), "eventhive-tests-"));
  const needed = variablesIn(selectedFiles(roots, selection), Object.keys(servers), rootDir);
  const stops: (() => Promise<unknown>)[] = [];
  for (const variable of needed) {
    const server = await servers[variable]?.(folder);
    process.env[variable] = server?.value;
    if (server?.stop) stops.push(server.stop);
  }
  process.env.TEST_RESPONSES = join(folder, "responses");
  if (needed.has("TEST_MONGO_URL")) process.env.MONGO_URL = process.env.TEST_MONGO_URL;
  const isOfAllServices =
    name === "services" && !selection.runTestsByPath && selection.testPathPatterns.patterns.length === 0;
  globalThis.stopServers ??= {};
  globalThis.stopServers[name] = async () => {
    await Promise.all(stops.map((stop) => stop()));
    const unseen = isOfAllServices ? await reportCoverage(join(folder, "responses")) : [];
    await rm(folder, { recursive: true, force: true });
    if (unseen.length > 0)
      throw new Error(`No test received these documented responses:\n${unseen.join("\n")}`);
  };
}
