import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mongo } from "mongoose";
import type { IntentEvent } from "../infra/stripe-sandbox/intent-events";
import type { Charge, Intent, Refund } from "../infra/stripe-sandbox/ledger";
import { databaseUrl, sharedEnvironment, webhookOf } from "../infra/local/environment";
import { execute } from "../infra/local/execute";
import { root } from "../infra/local/program";
import { databaseServices } from "../infra/services";
import { readStackFile, type StackFile, type StackProcess } from "../infra/local/stack-file";
import { compileCache, controlFile, dataFolder, failpointsFolder } from "./data-folder";
import type { LedgerLine } from "./invariants-of-ledger";
import { eventually } from "../common/src/testing/eventually";
import { freeze as freezeProcess } from "../common/test/freeze";

/** Read anew at each call, because pids change. */
export function stackFile(): StackFile {
  const file = readStackFile(dataFolder());
  if (!file) throw new Error(`There is no stack.json in ${dataFolder()}`);
  return file;
}

/** By name, such as `orders-1` or `nats`. */
export function processNamed(name: string): StackProcess {
  const found = stackFile().processes.find((process) => process.name === name);
  if (!found) throw new Error(`No process is called ${name}`);
  return found;
}

/** The processes of the services. */
export const serviceProcesses = (): StackProcess[] =>
  stackFile().processes.filter(({ kind }) => kind === "service");

/** The processes of servers, such as those of MongoDB. */
export const serverProcesses = (): StackProcess[] =>
  stackFile().processes.filter(({ kind }) => kind === "server");

export function signal(name: string, how: NodeJS.Signals): void {
  process.kill(processNamed(name).pid, how);
}

/** Until it receives SIGCONT. */
export const freeze = (name: string): Promise<void> => freezeProcess(processNamed(name).pid);

/** SIGKILL. Resolves when the runner has restarted the process and it is ready. */
export async function kill(name: string): Promise<void> {
  const { pid } = processNamed(name);
  process.kill(pid, "SIGKILL");
  await restarted(name, pid);
}

/** Resolves when the process with this pid has been restarted and is ready. */
export async function restarted(name: string, pid: number): Promise<void> {
  const startedAgain = () => {
    if (processNamed(name).pid === pid) throw new Error(`${name} was not restarted`);
  };
  await eventually(startedAgain, { withinSeconds: 30 });
  await command(name, "ready");
}

/** Resolves when it runs and is ready. */
export const ready = (name: string): Promise<void> => command(name, "ready");

/** Stops it gracefully, until `start`. */
export const stop = (name: string): Promise<void> => command(name, "stop");

/** Resolves when it is ready, and the gateway sends requests to its service. */
export async function start(name: string): Promise<void> {
  await command(name, "start");
  await command(name, "ready");
  const service = name.replace(/-\d+$/, "");
  if (databaseServices.includes(service)) await untilReached(service);
}

/** Kills a process, and restarts it with a system time that is off by 5 s. Resolves when it is ready. */
export async function setClock(name: string, wrong: "ahead" | "behind"): Promise<void> {
  await command(name, wrong);
  await kill(name);
}

/** Restarts a process gracefully with other environment variables. */
export const restartWith = (name: string, variables: Record<string, string>): Promise<void> =>
  restartAfter(name, `set?${new URLSearchParams(variables).toString()}`);

/** Restarts a process gracefully with the sources of its service in another folder, or, without one, in this checkout. */
export const restartFrom = (name: string, folder = ""): Promise<void> =>
  restartAfter(name, `version?${new URLSearchParams({ folder }).toString()}`);

async function restartAfter(name: string, change: Action): Promise<void> {
  await command(name, change);
  await stop(name);
  await start(name);
}

/** Resolves when the gateway has noticed, by its next probe, that a process of the service is ready. */
export const untilReached = (service: string): Promise<void> =>
  eventually(async () => {
    const path = service === "auth" ? "users" : service;
    const { status } = await fetch(`${stackFile().url}/api/${path}/openapi.json`);
    if (status >= 500) throw new Error(`The gateway responded with ${status}`);
  });

/** How long reservations last from now on, where there are two processes of orders. */
export async function setReservations(seconds: number): Promise<void> {
  const names = ["orders-1", "orders-2"];
  await Promise.all(names.map((name) => restartWith(name, { EXPIRATION_SECONDS: String(seconds) })));
}

type Action = "ready" | "start" | "stop" | "ahead" | "behind" | `${"set" | "version"}?${string}`;

async function command(name: string, action: Action): Promise<void> {
  const response = await fetch(`${readFileSync(controlFile(), "utf8")}/${name}/${action}`, {
    method: "POST",
  });
  if (!response.ok) throw new Error(`${action} ${name}: ${await response.text()}`);
}

/** Runs a command of a service, such as `republish`. Resolves with its output. */
export function run(service: string, ...command: string[]): Promise<string> {
  const { servers } = stackFile();
  return execute(process.execPath, [`${service}/dist/index.js`, ...command], {
    cwd: root,
    env: {
      ...sharedEnvironment({ BROKER: process.env.BROKER }, stackFile(), dataFolder()),
      NODE_COMPILE_CACHE: compileCache,
      MONGO_URL: databaseUrl(servers.mongo, service),
    },
  });
}

/** Kills the first process that reaches the failpoint, for example `orders.save.before`. */
export function arm(failpoint: string): void {
  writeFileSync(join(failpointsFolder(), failpoint), "");
}

/** Whether the failpoint has not killed a process yet. */
export const isArmed = (failpoint: string): boolean => existsSync(join(failpointsFolder(), failpoint));

export function disarmAll(): void {
  for (const failpoint of readdirSync(failpointsFolder()))
    rmSync(join(failpointsFolder(), failpoint), { force: true });
}

const clients = new Map<string, mongo.MongoClient>();
// Programs outside of Jest exit at their end.
if ("afterAll" in globalThis) {
  afterAll(async () => {
    for (const client of clients.values()) await client.close();
  });
}

/** The database of a service, or a database of another name on the same server. */
export function database(name: string): mongo.Db {
  const { servers, databases } = stackFile();
  const url = databases?.[name] ?? servers.mongo;
  const client = clients.get(url) ?? new mongo.MongoClient(url, { appName: "e2e" });
  clients.set(url, client);
  return client.db(name);
}

/** The ledger of the payment sandbox. */
export async function ledger(): Promise<{ charges: Charge[]; refunds: Refund[]; intents: Intent[] }> {
  const response = await fetch(`${stackFile().servers.stripe}/sandbox/ledger`);
  return JSON.parse(await response.text());
}

/** Every change in that ledger, oldest first. Empty in a cluster, where the file is out of reach. */
export function ledgerLines(): LedgerLine[] {
  const file = join(dataFolder(), "stripe/ledger.jsonl");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1); // the last one may be incomplete
  return lines.map((line): LedgerLine => JSON.parse(line));
}

type SandboxFault =
  | { kind: "delay"; operation: Operation; milliseconds: number; times?: number }
  | { kind: "hold"; operation: Operation }
  | { kind: "late"; operation: Operation; milliseconds: number; times?: number }
  | {
      kind: "fail";
      operation: Operation;
      status?: number;
      beforeWork?: boolean;
      afterWork?: boolean;
      times?: number;
    }
  | { kind: "lose"; operation: Operation; beforeWork?: boolean; times?: number }
  | { kind: "refuse" | "processing"; operation: "capture"; times?: number };
export type Operation = "token" | "charge" | "refund" | "read" | IntentOperation;
type IntentOperation = "payment-method" | "intent" | "confirm" | "capture" | "cancel";

/** Makes the next requests of an operation fail, whichever process sends them. */
export async function fault(what: SandboxFault): Promise<void> {
  const response = await fetch(`${stackFile().servers.stripe}/sandbox/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(what),
  });
  if (!response.ok) throw new Error(`The sandbox rejected the fault: ${await response.text()}`);
}

/** Ends the faults of an operation, or of all: requests that are held go on. */
export async function endFaults(operation?: Operation): Promise<void> {
  const query = operation ? `?operation=${operation}` : "";
  await fetch(`${stackFile().servers.stripe}/sandbox/faults${query}`, { method: "DELETE" });
}

/** How the sandbox delivers its webhooks from now on, until it is restarted. */
export async function deliverWebhooks(
  delivery: "once" | "lost" | "doubled" | "reordered" | "late" | "forged",
): Promise<void> {
  const { url, servers } = stackFile();
  const response = await fetch(`${servers.stripe}/sandbox/webhooks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...webhookOf(url), delivery }),
  });
  if (!response.ok) throw new Error(`The sandbox rejected the webhook: ${await response.text()}`);
}

/** What the buyer, the bank or an operator in Stripe's dashboard does to an intent. */
export async function happenToIntent(intentId: string, event: IntentEvent): Promise<void> {
  const response = await fetch(`${stackFile().servers.stripe}/sandbox/intents/${intentId}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ event }),
  });
  if (!response.ok) throw new Error(`The sandbox rejected the event: ${await response.text()}`);
}

/** As a cardholder disputes a charge at the bank. */
export async function dispute(stripeId: string): Promise<void> {
  const url = `${stackFile().servers.stripe}/sandbox/charges/${stripeId}/dispute`;
  const response = await fetch(url, { method: "POST" });
  if (!response.ok) throw new Error(`The sandbox rejected the dispute: ${await response.text()}`);
}

/** A token for a test card, as the browser would get it from Stripe. */
export async function card(number = "4242424242424242"): Promise<string> {
  const response = await fetch(`${stackFile().servers.stripe}/v1/tokens`, {
    method: "POST",
    headers: { authorization: "Bearer pk_test_e2e" },
    body: new URLSearchParams({
      "card[number]": number,
      "card[exp_month]": "12",
      "card[exp_year]": "2040",
      "card[cvc]": "123",
    }),
  });
  const token: { id?: string } = JSON.parse(await response.text());
  if (!token.id) throw new Error(`The sandbox returned no token: ${JSON.stringify(token)}`);
  return token.id;
}
