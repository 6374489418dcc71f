import { fingerprint } from "../../client/fingerprint";
import { type Client, bodyOf, newUser } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { orderOf, ticketOnSale } from "../setup";
import { stackFile } from "../stack";
import { stackViolations } from "../stack-violations";
import { isReady, kubectl, pods, restarts, rolledOut, apps } from "./cluster";
import { databaseServices } from "../../infra/services";

interface KubernetesEvent {
  type: string;
  reason: string;
  message: string;
  involvedObject: { kind: string; name: string };
  lastTimestamp: string;
}

const autoscaled = apps.filter((name) => name !== "expiration");

let seller: Client;
let buyer: Client;
let readySince: Date;

beforeAll(async () => {
  await rolledOut();
  readySince = new Date();
  [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
});

it("has two ready pods of each service, or more by its autoscaler, and one of each store", async () => {
  const all = await pods();
  expect(all.filter((pod) => !isReady(pod))).toEqual([]);
  const counts: Record<string, number> = {};
  for (const { metadata } of all)
    counts[metadata.labels.app ?? ""] = (counts[metadata.labels.app ?? ""] ?? 0) + 1;
  expect(counts).toEqual({
    ...Object.fromEntries(apps.map((name) => [name, 2])),
    ...Object.fromEntries(autoscaled.map((name) => [name, Math.max(2, counts[name] ?? 0)])),
    ...Object.fromEntries(databaseServices.map((name) => [`${name}-mongo`, 1])),
    "expiration-redis": 1,
    nats: 1,
    "stripe-sandbox": 1,
  });
});

it("runs every pod as non-root, on a read-only root file system, without an API token", async () => {
  const probe = "id -u; touch /written 2>&1 || true; ls /var/run/secrets/kubernetes.io 2>&1 || true";
  for (const { metadata } of await pods()) {
    const [user = "0", write, token] = (await kubectl("exec", metadata.name, "--", "sh", "-c", probe)).split(
      "\n",
    );
    expect(Number(user)).toBeGreaterThan(0);
    expect(write).toMatch(/Read-only file system/);
    expect(token).toMatch(/No such file/);
  }
});

it("rejects a pod that is not restricted", async () => {
  const root = kubectl("run", "root", "--image=eventhive/any:1", "--dry-run=server");
  await expect(root).rejects.toThrow(/violates PodSecurity "restricted:latest"/);
});

it("sells a ticket through the ingress, and shows its page", async () => {
  const ticket = await ticketOnSale(seller, { title: "Sold on a cluster", price: 12.5 });
  const page = await (await fetch(`${stackFile().url}/tickets/${ticket.id}`)).text();
  expect(page).toContain("Sold on a cluster");
  expect(page).toContain(`data-dpl-id="${fingerprint()}"`); // an image has the same version as the checkout

  const order = await orderOf(buyer, ticket);
  await bodyOf(buyer.pay(order));
  await eventually(async () => {
    expect(await bodyOf(buyer.showOrder(order))).toMatchObject({ status: "complete" });
    expect(await bodyOf(buyer.ticket(ticket))).toMatchObject({ status: "sold" });
  });
});

it("does not expose metrics publicly", async () => {
  const { status } = await fetch(`${stackFile().url}/metrics`);
  expect(status).toBe(404);
});

it("releases a ticket that is not paid for in time", async () => {
  const ticket = await ticketOnSale(seller);
  const order = await orderOf(buyer, ticket);
  const restSeconds = (new Date(order.expiresAt).getTime() - Date.now()) / 1000;
  await eventually(
    async () => {
      expect(await bodyOf(buyer.showOrder(order))).toMatchObject({
        status: "cancelled",
        cancelReason: "expired",
      });
      expect(await bodyOf(buyer.ticket(ticket))).toMatchObject({ status: "available" });
    },
    { withinSeconds: restSeconds + 5 },
  );
});

it("has no warnings and no restarts while it runs", async () => {
  const { items }: { items: KubernetesEvent[] } = JSON.parse(await kubectl("get", "events", "--output=json"));
  const hasMetrics = await kubectl("top", "pods").then(
    () => true,
    () => false, // without a metrics-server, autoscalers log warnings and change nothing
  );
  const warnings = items
    .filter(({ type, lastTimestamp }) => type === "Warning" && new Date(lastTimestamp) > readySince)
    .filter(({ message }) => !message.startsWith("Startup probe failed")) // normal while a pod starts
    .filter(({ involvedObject }) => hasMetrics || involvedObject.kind !== "HorizontalPodAutoscaler")
    .map(({ reason, message, involvedObject }) => `${involvedObject.name}: ${reason}: ${message}`);
  expect(warnings).toEqual([]);
  expect(restarts(await pods())).toBe(0);
});

it("keeps every invariant", async () => {
  expect(await stackViolations()).toEqual([]);
});
