import { databaseServices } from "../../infra/services";
import { bodyOf, newUser } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { lastingViolations } from "../invariants";
import { slowly } from "../sagas";
import { orderOf, ticketOnSale } from "../setup";
import { stackStores } from "../stack-violations";
import { kubectl, rolledOut } from "./cluster";
import { commands, run, runForEach } from "./guide";

// Runs the commands of docs/operating.md for the loss of all stores. On a new deployment: other tests read the log that is
// lost.

beforeAll(() => rolledOut(), 120_000);

it("restores everything without the broker's log, from backups made while nothing was sold", async () => {
  const [seller, buyer] = await Promise.all([newUser("seller"), newUser("buyer")]);
  const [sold, listed] = [await ticketOnSale(seller), await ticketOnSale(seller)];
  await bodyOf(buyer.pay(await orderOf(buyer, sold)));
  await bodyOf(buyer.send("DELETE", "/api/users/sessions")); // an event of auth
  const isSold = async () => expect(await bodyOf(seller.ticket(sold))).toMatchObject({ status: "sold" });
  await eventually(isSold, slowly);

  const [stop = "", empty = "", restore = "", , start = "", republish = ""] = commands(
    "## Restore a database",
    "\n## ",
  );
  await runForEach(databaseServices, stop);
  await kubectl("scale", "deployment/expiration", "--replicas=0");
  await run(commands("**Back up now**", "\n## ")[0]);
  await runForEach(databaseServices, empty);
  await run(commands("## Reset the broker's log", "\n## ")[0]);
  await runForEach(databaseServices, restore);
  const [drop, flush] = commands("**If the broker's store is lost as well**", "\n## ");
  expect((await run(drop)).match(/^true$/gm)).toHaveLength(8);
  expect(await run(flush)).toMatch(/^OK$/m);
  await kubectl("scale", "deployment/expiration", "--replicas=2");
  await runForEach(databaseServices, start);
  expect((await run(republish)).match(/^republished [1-9]/gm)).toHaveLength(databaseServices.length);

  await isSold();
  const buy = async () => bodyOf(buyer.pay(await bodyOf(buyer.order(listed))));
  await eventually(buy, slowly);
}, 480_000);

it("keeps every invariant that does not depend on the lost log", async () => {
  expect(await lastingViolations(stackStores(), { withinSeconds: 90 })).toEqual([]);
}, 150_000);
