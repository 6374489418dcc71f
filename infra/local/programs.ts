import { join } from "node:path";
import { serviceNames } from "../services";
import { isReady } from "./backends";
import { clientCommand } from "./client";
import { usesMailbox, usesStripe, webhookOf } from "./environment";
import { execute } from "./execute";
import type { Search } from "./first-that-works";
import { fromSource } from "./from-source";
import { brokerOf, mongo, mongoMember, redis } from "./known-servers";
import { freePort } from "./port";
import { type Program, root } from "./program";
import { serverProgram } from "./servers";
import type { StackFile } from "./stack-file";

type Servers = StackFile["servers"];

/**
 * The same on every machine, and as in the image of a service. Node.js derives this size from the memory: on a large
 * machine each service would occupy 20 MiB more, and in a pod of 256 MiB it would collect new objects after each megabyte.
 */
export const heap = "--max-semi-space-size=4";

/** The command of each service: its build, or its sources. */
export function serviceCommands(dev: boolean): Record<string, string[]> {
  const command = (name: string) => [
    process.execPath,
    heap,
    ...(dev ? [...fromSource, `${name}/src/index.ts`] : [`${name}/dist/index.js`]),
  ];
  return {
    ...Object.fromEntries(serviceNames.map((name) => [name, command(name)])),
    client: clientCommand(dev),
  };
}

/** The URLs of the stores, and the programs of those that the runner starts. `url` is that of the gateway. */
export async function serverPrograms(
  environment: NodeJS.ProcessEnv,
  url: string,
  dataFolder: string,
  search: Search,
): Promise<{ servers: Servers; programs: Program[] }> {
  const place = { dataFolder, ...search };
  const sandbox = [process.execPath, ...fromSource, "infra/stripe-sandbox/index.ts"];
  const webhook = webhookOf(url);
  const forSandbox = {
    ...environment,
    LISTEN_ADDRESS: "127.0.0.1",
    SANDBOX_DATA: join(dataFolder, "stripe"),
    WEBHOOK_URL: webhook.url,
    WEBHOOK_SECRET: webhook.secret,
  };
  const smtpPort = usesMailbox(environment) ? await freePort() : undefined;
  const members = Array.from({ length: mongoMembers(environment) }, (_, index) => mongoMember(index + 1));
  const [forMongo, forRedis, forNats, forStripe, ...forMail] = await Promise.all([
    environment.MONGO_URL ||
      Promise.all((members.length > 1 ? members : [mongo]).map((server) => serverProgram(server, place))),
    environment.REDIS_URL || serverProgram(redis, place),
    environment.NATS_URL || serverProgram(brokerOf(environment), place),
    usesStripe(environment)
      ? "https://api.stripe.com"
      : ours("stripe", "server", sandbox, dataFolder, forSandbox),
    ...(smtpPort ? [mailboxProgram(dataFolder, environment, smtpPort)] : []),
  ]);
  const urlOf = (one: string | Program) => (typeof one === "string" ? one : one.url);
  const databases = typeof forMongo === "string" ? [] : forMongo;
  return {
    servers: {
      mongo: typeof forMongo === "string" ? forMongo : addressOf(databases),
      redis: urlOf(forRedis),
      nats: urlOf(forNats),
      stripe: urlOf(forStripe),
      ...(smtpPort && { smtp: `smtp://127.0.0.1:${smtpPort}` }),
    },
    programs: [...databases, forRedis, forNats, forStripe, ...forMail].filter(
      (one) => typeof one !== "string",
    ),
  };
}

const addressOf = (members: Program[]): string =>
  `mongodb://${members.map(({ url }) => url.replace("mongodb://", "")).join(",")}`;

/** The number of MongoDB servers. Several are a replica set, of which the data folder must be new. */
export const mongoMembers = ({ MONGO_MEMBERS = "1" }: NodeJS.ProcessEnv): number => Number(MONGO_MEMBERS);

/** Makes the servers of an address a replica set, by the program that a cluster runs. */
export async function joinMembers(address: string): Promise<void> {
  await execute(process.execPath, [...fromSource, "common/src/replica-set.ts"], {
    cwd: root,
    env: { ...process.env, MONGO_URL: address },
  });
}

/** Its page is at its URL. */
const mailboxProgram = (dataFolder: string, environment: NodeJS.ProcessEnv, smtpPort: number) =>
  ours("mailbox", "server", [process.execPath, ...fromSource, "infra/mailbox/index.ts"], dataFolder, {
    ...environment,
    SMTP_PORT: String(smtpPort),
  });

export interface ServiceProgram extends Program {
  service: string;
}

export async function servicePrograms(
  commands: Record<string, string[]>,
  dataFolder: string,
  replicasOf: (service: string) => number,
  environmentOf: (service: string) => NodeJS.ProcessEnv,
): Promise<ServiceProgram[]> {
  const processes = Object.entries(commands).flatMap(([service, command]) =>
    Array.from({ length: replicasOf(service) }, async (_, index) => {
      const name = `${service}-${index + 1}`;
      return { service, ...(await ours(name, "service", command, dataFolder, environmentOf(service))) };
    }),
  );
  return Promise.all(processes);
}

/** A program that listens on PORT and responds at /readyz. */
async function ours(
  name: string,
  kind: Program["kind"],
  command: string[],
  dataFolder: string,
  environment: NodeJS.ProcessEnv,
): Promise<Program> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  return {
    name,
    kind,
    url,
    log: join(dataFolder, "logs", `${name}.log`),
    command: () => command,
    environment: { ...environment, PORT: String(port), EVENTHIVE_STACK: dataFolder },
    isReady: () => isReady(url),
  };
}
