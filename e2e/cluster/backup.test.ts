import { databaseServices } from "../../infra/services";
import { bodyOf, newUser } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { orderOf, ticketOnSale } from "../setup";
import { slowly } from "../sagas";
import { stackViolations } from "../stack-violations";
import { kubectl, rolledOut } from "./cluster";
import { commands, run, runForEach } from "./guide";
import { startLoad } from "./load";

// Runs the commands of docs/operating.md, for all four databases at once, each on a new, empty volume.
const rebuilt = databaseServices.filter((service) => service !== "auth");

beforeAll(() => rolledOut(), 120_000);
afterAll(async () => {
  isOver = true; // also after a failed test
  await kubectl("delete", "jobs", "--all", "--cascade=foreground");
  for (const service of databaseServices)
    await kubectl("patch", `cronjob/backup-${service}`, "--patch", suspended);
}, 120_000);
const suspended = JSON.stringify({ spec: { suspend: true } }); // as in the overlay

it("restores into an empty cluster what was backed up under load, and everything published since", async () => {
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const soldBefore = await ticketOnSale(seller);
  await bodyOf(buyer.pay(await orderOf(buyer, soldBefore)));
  const stopTrading = await startTrading();
  const stopLoad = await startLoad();

  const printed = await run(`exec 2>&1\n${commands("**Back up now**", "\n## ")[0]}`);
  const backedUp = [...printed.matchAll(/^backed up (\w+): .*, (\d+) documents,/gm)];
  const names = backedUp.map(([, name = ""]) => name).toSorted();
  expect({ names, printed }).toEqual({ names: databaseServices.toSorted(), printed }); // shows what kubectl complained about
  for (const [, , documents] of backedUp) expect(Number(documents)).toBeGreaterThan(0);

  const soldSince = await ticketOnSale(seller);
  await bodyOf(buyer.pay(await orderOf(buyer, soldSince)));
  const areSold = async () => {
    for (const ticket of [soldBefore, soldSince])
      expect(await bodyOf(seller.ticket(ticket))).toMatchObject({ status: "sold" });
  };
  await eventually(areSold, slowly);

  const [stop = "", empty = "", restore = "", rebuild = "", start = "", republish = ""] = commands(
    "## Restore a database",
    "\n## ",
  );
  const began = performance.now();
  await runForEach(databaseServices, stop);
  await runForEach(databaseServices, empty);
  const backups = await lastBackups();
  expect(backups).toHaveLength(databaseServices.length);
  for (const restored of await runForEach(databaseServices, restore))
    expect(restored).toMatch(/^restored .* [1-9]\d* documents$/m);
  expect(await lastBackups()).toEqual(backups); // which BackupTooOld reads: a restore is not a backup
  expect((await runForEach(rebuilt, rebuild)).join("")).toMatch(/^rebuilt [1-9]/m);
  for (const again of await runForEach(rebuilt, rebuild)) expect(again).toMatch(/^rebuilt 0$/m);
  await runForEach(databaseServices, start);
  await run(republish);
  console.log(`Restored ${Math.round((performance.now() - began) / 1000)} s after the first command`);

  await eventually(areSold, slowly);
  const [before, { sent }] = [await stopTrading(), await stopLoad()];
  expect(before).toBeGreaterThan(0);
  expect(sent).toBeGreaterThan(100);
  await eventually(
    async () => void (await bodyOf(buyer.pay(await orderOf(buyer, await ticketOnSale(seller))))),
    slowly,
  );
}, 480_000);

it("keeps every invariant", async () => {
  expect(await stackViolations({ withinSeconds: 90 })).toEqual([]);
}, 150_000);

let isOver = false;

/** Sells and buys until it is stopped, also during outages; the returned function resolves with the number of sales. */
async function startTrading(): Promise<() => Promise<number>> {
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  let sales = 0;
  const sell = async () => {
    if (isOver) return;
    await bodyOf(buyer.pay(await orderOf(buyer, await ticketOnSale(seller))));
    sales += 1;
  };
  const trading = (async () => {
    while (!isOver) await eventually(sell, { withinSeconds: 400, intervalMs: 250 });
  })();
  return async () => {
    isOver = true;
    await trading;
    return sales;
  };
}

const lastBackups = async () =>
  (await kubectl("get", "cronjobs", "--output=jsonpath={.items[*].status.lastSuccessfulTime}"))
    .trim()
    .split(" ");
