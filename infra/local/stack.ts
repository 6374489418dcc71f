import { rmSync } from "node:fs";
import { build, buildLock } from "./build";
import { buildClient, clientEnvironment } from "./client";
import { ProcessGroup } from "./process-group";
import { loadDemo } from "./demo";
import { databaseUrl, sharedEnvironment } from "./environment";
import { type Gateway, startGateway } from "./gateway";
import { endLeftovers, exclusively, lock } from "./lock";
import { isFree, portOwner, reservePort } from "./port";
import { joinMembers, mongoMembers, serverPrograms, serviceCommands, servicePrograms } from "./programs";
import { readRoutes } from "./routes";
import { dataFolderFrom, stackFileOf, type StackFile, type StackProcess, writeStackFile } from "./stack-file";
import type { Supervisor } from "./supervisor";
import { watchSources } from "./watch-sources";
import { serviceNames } from "../services";

export interface StackOptions {
  /** An absolute path: EVENTHIVE_DATA, or `.eventhive/data`. */
  dataFolder?: string;
  /** PORT, or 3000. */
  port?: number;
  /** The number of processes of each service: REPLICAS, or 1. */
  replicas?: number;
  /** Variables for the services, in addition to those of this process. */
  environment?: NodeJS.ProcessEnv;
  /** Runs the services from their sources, and restarts them on changes. The client reloads by itself. */
  dev?: boolean;
  /** Replaces the command of each service. */
  services?: Record<string, string[]>;
  /** Called with progress messages. */
  print?: (line: string) => void;
  /** Aborts the start. Started processes are stopped again. */
  signal?: AbortSignal;
}

export interface Stack {
  url: string;
  dataFolder: string;
  stackFile: string;
  servers: StackFile["servers"];
  processes: () => StackProcess[];
  /** By name, such as `orders-1` or `nats`. A killed process is restarted, a stopped one waits for `start()`. */
  process: (name: string) => Supervisor;
  stop: () => Promise<void>;
}

/** Runs the whole system on this machine. Resolves when it is ready. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const environment = { ...process.env, ...options.environment };
  const { dev = false, print = () => undefined, signal = new AbortController().signal } = options;
  const {
    port = wholeNumber(environment, "PORT", 3000),
    replicas = wholeNumber(environment, "REPLICAS", 1),
  } = options;
  const { dataFolder = dataFolderFrom(environment) } = options;
  const stackFile = stackFileOf(dataFolder);
  const url = `http://localhost:${port}`;

  const unlock = lock(dataFolder);
  let servers: StackFile["servers"] = { mongo: "", redis: "", nats: "", stripe: "" };
  const group = new ProcessGroup(print, () =>
    writeStackFile(dataFolder, { url, servers, processes: group.processes() }),
  );
  const watching = new AbortController();
  const killNow = () => group.killNow();
  process.once("exit", killNow);
  let gateway: Gateway | undefined;
  let stopping: Promise<void> | undefined;

  try {
    const left = await endLeftovers(dataFolder);
    if (left.length > 0) print(`Stopped processes that an earlier run had left: ${left.join(", ")}`);
    if (!(await isFree(port))) throw new Error(portIsTaken(port));
    reservePort(port);

    const found = await serverPrograms(environment, url, dataFolder, { print, signal });
    servers = found.servers;
    await group.start(found.programs, signal);
    // A server that MONGO_URL names is not ours to change.
    if (!environment.MONGO_URL && mongoMembers(environment) > 1) await joinMembers(servers.mongo);

    if (!dev && !options.services) {
      print("Building what has changed…");
      // Two stacks of one checkout may start concurrently. The second one waits for the build of the first.
      await exclusively(
        buildLock,
        async () => {
          await build(["common", ...serviceNames], signal);
          await buildClient(print, signal);
        },
        signal,
      );
    }
    const shared = sharedEnvironment(environment, { url, servers }, dataFolder);
    const commands = options.services ?? serviceCommands(dev);
    const replicasOf = (service: string) => (dev && service === "client" ? 1 : replicas); // next dev runs alone
    const environmentOf = (service: string) =>
      service === "client"
        ? clientEnvironment(shared, `http://127.0.0.1:${port}`, dev)
        : { ...shared, MONGO_URL: databaseUrl(servers.mongo, service) };
    const services = await servicePrograms(commands, dataFolder, replicasOf, environmentOf);
    await group.start(services, signal);

    for (const { service, name } of dev ? services : [])
      if (service !== "client") watchSources(service, group.find(name), watching.signal);

    gateway = await startGateway({ port, routes: readRoutes(), backends: services, forwardsUpgrades: dev });
    if (environment.EVENTHIVE_DEMO !== "no") await loadDemo(url, dataFolder, print);
    signal.throwIfAborted();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    dataFolder,
    stackFile,
    servers,
    processes: () => group.processes(),
    process: (name) => group.find(name),
    stop,
  };

  function stop(): Promise<void> {
    return (stopping ??= stopInOrder());
  }

  /** From the outside in: the gateway, then the services, then the stores. */
  async function stopInOrder(): Promise<void> {
    watching.abort();
    gateway?.drain();
    await group.stop("service");
    await gateway?.close();
    await group.stop("server");
    process.off("exit", killNow);
    rmSync(stackFile, { force: true });
    unlock();
  }
}

function wholeNumber(environment: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const value = Number(environment[name] || otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} must be a whole number above 0`);
  return value;
}

function portIsTaken(port: number): string {
  return `Port ${port} is taken by ${portOwner(port) ?? "another program"}. Set PORT=… to use another one.`;
}
