import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { findServer, type Found, type ServerSearch } from "./find-server";
import {
  brokerOf,
  configurationFile,
  jetStream,
  mongo,
  natsStreaming,
  redis,
  type Server,
} from "./known-servers";
import { freePort } from "./port";
import type { Program } from "./program";
import { Supervisor } from "./supervisor";

export interface ServerOptions extends ServerSearch {
  /** Contains a folder for its data, and `logs/`. */
  dataFolder: string;
  port?: number;
}

/** The path of a mongod that runs on this machine. It is installed if necessary. */
export const findMongod = (search?: ServerSearch): Promise<string> => findBinary(mongo, search);
export const findRedis = (search?: ServerSearch): Promise<string> => findBinary(redis, search);
export const findNatsStreaming = (search?: ServerSearch): Promise<string> =>
  findBinary(natsStreaming, search);
export const findNatsServer = (search?: ServerSearch): Promise<string> => findBinary(jetStream, search);

/**
 * Real servers for tests, ready when the promise resolves. `start()` restarts a stopped one on the same port and data.
 * A server that exits by itself is restarted.
 */
export const startMongo = (options: ServerOptions): Promise<Supervisor> => startServer(mongo, options);
export const startRedis = (options: ServerOptions): Promise<Supervisor> => startServer(redis, options);
export const startBroker = (options: ServerOptions): Promise<Supervisor> =>
  startServer(brokerOf(process.env), options);
export const startNatsStreaming = (options: ServerOptions): Promise<Supervisor> =>
  startServer(natsStreaming, options);

async function findBinary(server: Server, search?: ServerSearch): Promise<string> {
  const found = await findServer(server, { ...search, containers: false });
  if ("binary" in found) return found.binary;
  throw new Error(`${server.title} was found only as a container`);
}

async function startServer(server: Server, options: ServerOptions): Promise<Supervisor> {
  const supervisor = new Supervisor(await serverProgram(server, options));
  supervisor.start();
  try {
    await supervisor.ready();
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  return supervisor;
}

export async function serverProgram(server: Server, options: ServerOptions): Promise<Program> {
  const found = await findServer(server, options);
  const port = options.port ?? (await freePort());
  const folder = join(options.dataFolder, server.folder ?? server.name);
  return {
    name: server.name,
    kind: "server",
    url: `${server.scheme}://127.0.0.1:${port}`,
    log: join(options.dataFolder, "logs", `${server.name}.log`),
    command(logTail) {
      const { configuration, recoveryFlag } = server;
      mkdirSync(folder, { recursive: true });
      if (configuration) writeFileSync(join(folder, configurationFile), configuration);
      const recovery = recoveryFlag && logTail.includes(recoveryFlag.message) ? [recoveryFlag.flag] : [];
      return [...commandLine(server, found, port, folder), ...recovery];
    },
    environment: { ...process.env, EVENTHIVE_STACK: options.dataFolder },
    isReady: (printed) => printed().includes(server.readyWhenPrinted),
  };
}

function commandLine(server: Server, found: Found, port: number, folder: string): string[] {
  const host = "binary" in found ? "127.0.0.1" : "0.0.0.0";
  const flags = Object.entries(server.flags({ host, port: String(port), folder })).flat();
  const parameters = flags.filter((word) => word !== "");
  if ("binary" in found) return [found.binary, ...parameters];

  const name = `eventhive-${server.name}-${port}`;
  const { uid, gid } = userInfo();
  // If `docker run` is killed, its container keeps running, and occupies name and port.
  const script = '"$0" rm -f "$1" >/dev/null 2>&1; exec "$0" run --name "$@"';
  const options = ["--rm", "--init", `--user=${uid}:${gid}`, `--volume=${folder}:${folder}`];
  const reach = [`--publish=127.0.0.1:${port}:${port}`, `--entrypoint=${server.binary}`];
  return ["sh", "-c", script, found.containerTool, name, ...options, ...reach, server.image, ...parameters];
}
