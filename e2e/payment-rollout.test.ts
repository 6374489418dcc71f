import { execFileSync, spawnSync } from "node:child_process";
import { databaseUrl, sharedEnvironment } from "../infra/local/environment";
import { fromSource } from "../infra/local/from-source";
import { root } from "../infra/local/program";
import { refundByHand } from "../infra/stripe-sandbox/refund-by-hand";
import { Tree } from "../mutants/tree";
import { eventually } from "../common/src/testing/eventually";
import { type Client, type Order, type Payment, bodyOf, newUser } from "./client";
import { dataFolder } from "./data-folder";
import { buy } from "./sagas";
import { orderOf, ticketOnSale } from "./setup";
import { whileShopping } from "./shopping";
import { database, endFaults, fault, processNamed, restartFrom, restartWith, stackFile } from "./stack";
import { stackViolations } from "./stack-violations";
import { startStack } from "./start-stack";
import stopStack from "./stop-stack";

// Rehearses steps 1 and 3 of "Move to PaymentIntents" in docs/operating.md on a stack of its own; e2e/payment-flow.test.ts
// rehearses step 2. Needs the history of the repository and takes minutes, so it runs only if ROLLOUT is set.

const git = (...parameters: string[]) => execFileSync("git", parameters, { cwd: root, encoding: "utf8" });

/** The last version that supports charges only. */
function olderVersion(): Tree {
  const changes = git("log", "-S", "PAYMENT_FLOW", "--format=%H", "--", "payments/src/config.ts");
  const first = changes.trim().split("\n").at(-1);
  if (!first) throw new Error("The history does not contain the version before PAYMENT_FLOW");
  return new Tree(`${first}^`);
}

/** This version, without payments with charges. */
function newerVersion(): Tree {
  const tree = new Tree();
  tree.apply({
    guard: "no payments with charges",
    file: "payments/src/config.ts",
    change: { 'choice("intents", "charges")': 'choice("intents")' },
  });
  tree.apply({
    guard: "no charge is created",
    file: "payments/src/payment-gateway.ts",
    change: { 'await failpoint("payments.charge.before");': 'throw new Error("Charges were removed");' },
  });
  return tree;
}

const trees: Tree[] = [];
let older: string;
let newer: string;

beforeAll(async () => {
  trees.push(olderVersion(), newerVersion());
  [older = "", newer = ""] = trees.map(({ folder }) => folder);
  delete process.env.E2E_DATA;
  await startStack({ PAYMENT_FLOW: "charges" });
}, 300_000);

afterAll(async () => {
  await stopStack();
  for (const tree of trees) tree.remove();
});

const metricsOf = async (name: string) => (await fetch(`${processNamed(name).url}/metrics`)).text();

/** Replaces a process of orders and one of payments. */
async function replace(replica: 1 | 2, folder?: string): Promise<void> {
  await Promise.all([`orders-${replica}`, `payments-${replica}`].map((name) => restartFrom(name, folder)));
  const isOlder = !(await metricsOf(`payments-${replica}`)).includes("payments_webhooks_total");
  expect(isOlder).toBe(folder === older);
}

it("step 1: runs beside the version before it, in both directions, under purchases", async () => {
  await whileShopping(async (shopped) => {
    for (const version of [older, undefined, older, undefined])
      for (const replica of [2, 1] as const) {
        await fault({ kind: "late", operation: "charge", milliseconds: 3_000 });
        await fault({ kind: "lose", operation: "charge" });
        await replace(replica, version);
        await shopped();
      }
  });
  expect(await stackViolations()).toEqual([]);
}, 900_000);

describe("step 3", () => {
  let seller: Client;
  let buyer: Client;

  const paymentOf = async ({ id }: Order) => (await bodyOf(buyer.payments(`?orderId=${id}`)))[0];
  const untilPayment = (order: Order, expected: Partial<Payment>) =>
    eventually(async () => expect(await paymentOf(order)).toMatchObject(expected));

  /** An order that its buyer cancels while the card is being charged, which is refunded. */
  async function cancelledWhileCharging(): Promise<Order> {
    const order = await orderOf(buyer, await ticketOnSale(seller));
    await fault({ kind: "delay", operation: "charge", milliseconds: 1_500 });
    const response = buyer.pay(order);
    await eventually(async () => {
      const payments = database("payments").collection("payments");
      expect(await payments.findOne({ orderId: order.id, state: "charging" })).toBeTruthy();
    });
    await bodyOf(buyer.cancel(order));
    await response;
    return order;
  }

  /** Runs a command of payments, of the version without charges. */
  const runNewer = (command: string[], settings: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [...fromSource, `${newer}/payments/src/index.ts`, ...command], {
      cwd: root,
      encoding: "utf8",
      env: {
        ...sharedEnvironment({}, stackFile(), dataFolder()),
        MONGO_URL: databaseUrl(stackFile().servers.mongo, "payments"),
        ...settings,
      },
    });

  const pageOf = async ({ cookie }: Client, path: string) => {
    const response = await fetch(`${stackFile().url}${path}`, { headers: { cookie } });
    expect(response.status).toBe(200);
    return response.text();
  };

  it("works on the data of payments with charges, without the code that charges", async () => {
    [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
    const sold = await orderOf(buyer, await ticketOnSale(seller));
    const { stripeId } = await bodyOf(buyer.pay(sold));
    await untilPayment(sold, { state: "settled" });
    const refunded = await cancelledWhileCharging();
    await untilPayment(refunded, { state: "refunded" });
    await fault({ kind: "fail", operation: "refund", status: 500, times: 1_000 });
    const refunding = await cancelledWhileCharging();
    await untilPayment(refunding, { state: "refunding" });

    const names = ["payments-1", "payments-2"];
    for (const name of names) await restartWith(name, { PAYMENT_FLOW: "intents" });
    await eventually(async () => {
      for (const name of names)
        expect(await metricsOf(name)).toContain('payments_unfinished_seconds{state="charging"} 0');
    });
    const refused = { status: 1, stdout: expect.stringContaining("PAYMENT_FLOW") };
    expect(runNewer(["reconcile"], { PAYMENT_FLOW: "charges" })).toMatchObject(refused);
    for (const name of names) await restartFrom(name, newer);

    await endFaults("refund");
    await untilPayment(refunding, { state: "refunded" });
    await refundByHand(stackFile().servers.stripe, stripeId, 500);
    const reconciled = { status: 0, stdout: expect.stringContaining(stripeId) };
    expect(runNewer(["reconcile", "1", "0.0001"])).toMatchObject(reconciled);
    expect(await paymentOf(sold)).toMatchObject({ state: "settled", amountRefunded: 500 });

    const receipt = await pageOf(buyer, `/orders/${sold.id}/receipt`);
    for (const text of [sold.ticket.title, "Paid on", "Refunded to your card", stripeId])
      expect(receipt).toContain(text);
    for (const order of [refunded, refunding])
      expect(await pageOf(buyer, `/orders/${order.id}`)).toContain("Refunded");
    expect(await pageOf(seller, "/listings/sales")).toContain(sold.id);

    await (
      await buy()
    )();
    const refundedByHand = `I2: order ${sold.id} is complete, but its net charge is 1500 instead of 2000`;
    expect(await stackViolations()).toEqual([refundedByHand]);
  }, 600_000);
});
