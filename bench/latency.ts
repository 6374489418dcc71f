import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { type Collection, createConnection, Types } from "mongoose";
import { natsBus } from "../common/src/messaging/nats-bus";
import type { Stack } from "../infra/local/stack";
import { report, withStack } from "./with-stack";

const warmUpRounds = 30;
const rounds = 200;

/** How long things take through an idle stack, and what its processes weigh. Everything is seen from outside. */
async function measure(stack: Stack): Promise<void> {
  const { url, servers } = stack;
  const [seller, buyer] = [await signUp(url), await signUp(url)];
  const connection = await createConnection(servers.mongo).asPromise();
  const tickets = connection.useDb("orders").collection("tickets");
  const orders = connection.useDb("payments").collection("orders");
  const bus = natsBus({ url: servers.nats, clusterId: "eventhive", name: "bench" });
  const chargedAt = new Map<string, number>();
  const completedAt = new Map<string, number>();
  const cancelledAt = new Map<string, number>();
  const noteArrival = (times: Map<string, number>, idOf: (data: { id: string; orderId: string }) => string) =>
    ((message: { bytes: Buffer }) => {
      times.set(idOf(JSON.parse(message.bytes.toString()).data), Date.now());
    }) satisfies Parameters<typeof bus.watch>[1];
  bus.watch(
    "payment:created",
    noteArrival(chargedAt, ({ orderId }) => orderId),
  );
  bus.watch(
    "order:completed",
    noteArrival(completedAt, ({ id }) => id),
  );
  bus.watch(
    "order:cancelled",
    noteArrival(cancelledAt, ({ id }) => id),
  );
  while (!bus.isConnected) await pause(10);

  const toOrderable: number[] = [];
  const toPaid: number[] = [];
  const left: Order[] = [];
  for (let round = -warmUpRounds; round < rounds; round++) {
    const start = performance.now();
    const ticket = await post<{ id: string }>(url, "/api/tickets", seller, { title: "Benchmark", price: 20 });
    await untilThere(tickets, ticket.id);
    const orderable = performance.now();

    const order = await post<Order>(url, "/api/orders", buyer, { ticketId: ticket.id });
    await untilThere(orders, order.id);
    const ordered = performance.now();
    if (round % 2) await post(url, "/api/payments", buyer, { orderId: order.id, token: "tok_visa" });
    else left.push(order);
    if (round < 0) continue;
    toOrderable.push(orderable - start);
    if (round % 2) toPaid.push(performance.now() - ordered);
  }
  const ended = await untilAll(left, ({ id }) => cancelledAt.get(id));
  const toComplete = [...completedAt].map(([id, at]) => at - (chargedAt.get(id) ?? at));

  console.log(`\n${rounds} rounds, milliseconds`.padEnd(52), "p50".padStart(8), "p99".padStart(8));
  report("POST /api/tickets → orders can order it", toOrderable);
  report("POST /api/payments → it is yours (201)", toPaid);
  report("payment:created seen → order:completed seen", toComplete);
  report(
    "due → order:cancelled seen",
    ended.map((at, index) => at - Date.parse(left[index]?.expiresAt ?? "")),
  );
  await bus.close();
  await connection.close();

  console.log("\nmemory, MiB");
  for (const { name, pid } of stack.processes()) console.log(name.padEnd(16), mebibytes(pid).padStart(6));
}

interface Order {
  id: string;
  expiresAt: string;
}

async function post<Body>(url: string, path: string, cookie: string, body: object): Promise<Body> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { cookie, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status} ${text}`);
  return JSON.parse(text);
}

async function signUp(url: string): Promise<string> {
  const response = await fetch(`${url}/api/users/signup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: `${randomUUID()}@example.com`, password: "correct horse" }),
  });
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

async function untilThere(replicas: Collection, id: string): Promise<void> {
  while (!(await replicas.findOne({ _id: new Types.ObjectId(id) }))) await pause(0);
}

async function untilAll<T>(items: T[], find: (item: T) => number | undefined): Promise<number[]> {
  const giveUpAt = performance.now() + 60_000;
  for (;;) {
    const found = items.map(find).filter((value) => value !== undefined);
    if (found.length === items.length) return found;
    if (performance.now() > giveUpAt) throw new Error(`${items.length - found.length} were never seen`);
    await pause(20);
  }
}

const mebibytes = (pid: number): string => {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kibibytes) / 1024).toFixed(0);
};

void withStack(measure);
