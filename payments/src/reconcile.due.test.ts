import { clock, hours, minutes, seconds } from "@eventhive/common";
import { setUpService } from "@eventhive/common/testing";
import { trusted } from "mongoose";
import { database } from "./database";
import { Reconciliation, advance, claimReconciliation } from "./models/reconciliation";
import { measureComparisons } from "./measure-comparisons";
import { overdueComparisons } from "./metrics";
import { reconcileWhenDue } from "./reconcile";
import { begunPayment, later, orderToPay } from "../test/fixtures";
import {
  chargeAtGateway,
  compareAllThatIsDue,
  refundByHand,
  setUpReconciliation,
  settledPayment,
} from "../test/reconciling";

setUpService(database);
const sandbox = setUpReconciliation();
const { countOf } = sandbox;

/** The time stands still in between, however slow the test is. */
function wait(milliseconds: number): void {
  const now = clock.now() + milliseconds;
  clock.use(() => now);
}

/** What can be compared without a pause. */
async function compareWithoutPauses(): Promise<void> {
  const now = () => ({
    progress: trusted({ $exists: true }),
    claimedUntil: trusted({ $lte: clock.date() }),
  });
  do await reconcileWhenDue();
  while (await Reconciliation.exists(now()));
}

describe("the comparison that is due", () => {
  /** Charges of no payment of ours, on so many pages. */
  function fillPages(count: number): void {
    const created = Math.floor(clock.now() / 1000);
    for (let index = 0; index < 100 * count; index++) {
      const id = `ch_${index}`;
      const rest = { amount: 1999, amount_refunded: 1999, captured: true, created, currency: "usd" } as const;
      sandbox.ledger.charges.set(id, {
        id,
        object: "charge",
        ...rest,
        description: null,
        disputed: false,
        failure_code: null,
        failure_message: null,
        livemode: false,
        metadata: {},
        paid: true,
        payment_method_details: { type: "card", card: { brand: "Visa", last4: "4242" } },
        refunded: true,
        status: "succeeded",
      });
    }
  }

  it("processes each page once, however many processes there are, and nothing until it is due again", async () => {
    fillPages(3);
    await Promise.all(Array.from({ length: 4 }, compareAllThatIsDue));
    expect(countOf("GET /v1/charges")).toBe(6); // hourly and daily
    expect(countOf("GET /v1/refunds")).toBe(2);

    later(minutes(59));
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(6);
    later(minutes(61));
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(9); // hourly
    later(hours(27));
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(13); // daily again, and an hourly one that finds nothing so young
  });

  it("resumes after a rejection at the rejected page, after a pause", async () => {
    fillPages(3);
    await reconcileWhenDue(); // the first page of both
    sandbox.faults.add({ operation: "read", kind: "fail", status: 429, times: 2 });
    await reconcileWhenDue();
    expect(countOf("GET /v1/charges")).toBe(4);
    await reconcileWhenDue();
    expect(countOf("GET /v1/charges")).toBe(4);

    later(seconds(11));
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(8);
  });

  it("is continued by another process after a crash", async () => {
    const order = await orderToPay();
    await chargeAtGateway(order);
    await Reconciliation.create({
      _id: "daily",
      nextDueAt: clock.now() + hours(24),
      claimedUntil: 0,
      claim: "-",
    });
    expect(await claimReconciliation("hourly")).toMatchObject({ _id: "hourly" }); // but its process has died
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(0);
    later(minutes(2) + 1);
    await compareAllThatIsDue();
    expect(countOf("GET /v1/charges")).toBe(1);
  });

  it("is not set back by a process that took too long over a page", async () => {
    const slow = await claimReconciliation("hourly");
    later(minutes(2) + 1);
    const other = await claimReconciliation("hourly");
    if (!slow || !other) throw new Error("Nothing was due");
    const progress = { startedAt: new Date(), from: new Date(), until: new Date(), step: "charges" } as const;
    expect(await advance(other, { ...progress, after: "ch_2" })).toBe(true);
    expect(await advance(slow, { ...progress, after: "ch_1" })).toBe(false);
    expect(await Reconciliation.findById("hourly")).toMatchObject({ progress: { after: "ch_2" } });
  });

  it("keeps its claim of a page, however slow the look-ups are", async () => {
    await refundsOfOldCharges();
    await Reconciliation.create({
      _id: "daily",
      nextDueAt: clock.now() + hours(24),
      claimedUntil: 0,
      claim: "-",
    });
    wait(0);
    const claims: ReturnType<typeof claimReconciliation>[] = [];
    sandbox.listen((words) => {
      if (!/^GET .v1.charges.ch_/.test(words)) return;
      wait(seconds(50));
      claims.push(claimReconciliation("hourly")); // by another process
    });
    await compareWithoutPauses();
    expect(await Promise.all(claims)).toEqual([undefined, undefined, undefined]);
  });

  async function failedPayments(): Promise<void> {
    for (let count = 0; count < 3; count++) {
      const order = await orderToPay();
      const payment = await begunPayment(order);
      payment.fail("given up");
      await payment.save();
      await chargeAtGateway(order, payment.id);
    }
  }

  async function paymentsThatNoListShows(): Promise<void> {
    for (let count = 0; count < 3; count++) await settledPayment();
    sandbox.ledger.charges.clear();
  }

  async function refundsOfOldCharges(): Promise<void> {
    const payments = [await settledPayment(), await settledPayment(), await settledPayment()];
    later(hours(24 * 30));
    for (const payment of payments) await refundByHand(payment, 500);
  }

  it.each([
    ["refunds of late charges", failedPayments, /^POST .v1.refunds/],
    ["look-ups of refunded charges", refundsOfOldCharges, /^GET .v1.charges.ch_/],
    ["look-ups of charges that no list showed", paymentsThatNoListShows, /^GET .v1.charges.ch_/],
  ])("stops between two %s, and leaves the page to another process", async (_items, prepare, request) => {
    await prepare();
    later(hours(2));
    sandbox.requests.length = 0;
    const stopping = new AbortController();
    sandbox.listen((words) => {
      if (request.test(words)) stopping.abort();
    });
    const seen = () => sandbox.requests.filter((words) => request.test(words)).length;
    const run = async () => {
      for (let page = 0; page < 5; page++) await reconcileWhenDue(stopping.signal);
    };
    const thrown: unknown = await run().catch((error: unknown) => error);
    expect(thrown).toBe(stopping.signal.reason);
    expect(seen()).toBe(1);
    const stopped = await Reconciliation.findById("hourly").orFail();
    expect(stopped.failures).toBe(0);
    expect(stopped.claimedUntil.getTime()).toBeLessThanOrEqual(clock.now());
    await compareAllThatIsDue(); // at the same moment: nothing waits for the claim to expire
    expect(seen()).toBeGreaterThanOrEqual(3);
  });

  /** Six times, after each pause; then a step that fails is skipped. */
  async function compareSixTimes(): Promise<void> {
    for (let time = 1; time <= 6; time++) {
      await compareWithoutPauses();
      if (time < 6) wait(minutes(3));
    }
  }

  /** In seconds, by schedule. */
  async function overdue() {
    await measureComparisons();
    const { values } = await overdueComparisons.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.schedule, value]));
  }

  const lists = ["charges", "payment_intents", "refunds", "disputes"];

  it.each(["charges", "disputes"])(
    "compares everything else, again and again, while the API key may not read %s, and is overdue",
    async (list) => {
      const counts = () => lists.filter((one) => one !== list).map((one) => countOf(`GET /v1/${one}`));
      sandbox.deny(`GET /v1/${list}`);
      wait(0);
      await compareSixTimes();
      expect(counts()).toEqual([2, 2, 2]); // hourly and daily
      expect(await overdue()).toEqual({ hourly: 15 * 60, daily: 15 * 60 });

      wait(minutes(60));
      sandbox.deny(undefined);
      await compareWithoutPauses();
      expect(counts()).toEqual([4, 4, 4]);
      expect(await overdue()).toEqual({ hourly: 0, daily: 0 });
    },
  );

  it("still refunds a late charge while the API key may not read disputes", async () => {
    sandbox.deny("GET /v1/disputes");
    wait(0);
    await compareSixTimes();
    const order = await orderToPay();
    const payment = await begunPayment(order);
    payment.fail("given up");
    await payment.save();
    await chargeAtGateway(order, payment.id);
    wait(minutes(60));
    await compareWithoutPauses();
    expect(sandbox.chargesOf(order)).toMatchObject([{ refunded: true }]);
  });

  it("starts over when Stripe no longer recognizes its position", async () => {
    fillPages(2);
    await reconcileWhenDue();
    sandbox.ledger.charges.clear();
    await reconcileWhenDue();
    later(seconds(11));
    await compareAllThatIsDue();
    expect(await Reconciliation.find()).toMatchObject([{ failures: 0 }, { failures: 0 }]);
  });
});
