import { clock, seconds } from "@eventhive/common";
import { eventually } from "../common/src/testing/eventually";
import { type Client, type Order, bodyOf, newUser } from "./client";
import { reservationSeconds } from "./reservation-seconds";
import { orderOf, ticketOnSale } from "./setup";
import {
  card,
  database,
  deliverWebhooks,
  happenToIntent,
  kill,
  serviceProcesses,
  setReservations,
  start,
  stop,
  untilReached,
} from "./stack";
import { stackViolations } from "./stack-violations";

const payments = () => database("payments").collection("payments");

/** The buyer passes 3-D Secure at the bank and never returns to the page. */
async function passAndLeave(between: () => Promise<unknown> = async () => {}) {
  const [seller, buyer, token] = await Promise.all([newUser(), newUser(), card("4000002760003184")]);
  const order = await orderOf(buyer, await ticketOnSale(seller));
  const { intentId = "" } = await bodyOf(buyer.pay(order, token));
  await between();
  await happenToIntent(intentId, "pass-challenge");
  return { buyer, order, intentId };
}

const untilComplete = ({ buyer, order }: { buyer: Client; order: Order }) =>
  eventually(async () => expect(await bodyOf(buyer.showOrder(order))).toMatchObject({ status: "complete" }));

/** From now on the sweep ignores waiting payments: only a webhook can advance them. */
const postponeSweep = () =>
  eventually(async () => {
    const waiting = { state: "challenged", nextAttemptAt: { $lt: new Date(clock.now() + seconds(300)) } };
    await payments().updateMany(waiting, { $set: { nextAttemptAt: new Date(clock.now() + seconds(600)) } });
    expect(await payments().countDocuments(waiting)).toBe(0);
  });

async function rejectedWebhooks(): Promise<number> {
  const processes = serviceProcesses().filter(({ name }) => name.startsWith("payments"));
  const counts = processes.map(async ({ url }) => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^payments_webhooks_total\{outcome="rejected"\} (\d+)$/m.exec(metrics)?.[1]);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

describe("a payment whose buyer does not return from 3-D Secure", () => {
  beforeAll(() => setReservations(reservationSeconds.long));
  afterEach(() => deliverWebhooks("once"));
  afterAll(async () => {
    try {
      expect(await stackViolations({ withinSeconds: 90 })).toEqual([]);
    } finally {
      await setReservations(reservationSeconds.short);
    }
  });

  it.each(["once", "doubled", "reordered", "late"] as const)(
    "is completed by a webhook that is delivered %s",
    async (delivery) => {
      await deliverWebhooks(delivery);
      await untilComplete(await passAndLeave(postponeSweep));
    },
  );

  it("is completed by a webhook after payments and the sandbox were killed", async () => {
    const killAll = () => Promise.all(["payments-1", "payments-2", "stripe"].map(kill));
    await untilComplete(
      await passAndLeave(async () => {
        await killAll();
        await untilReached("payments");
        await postponeSweep();
      }),
    );
  });

  it("is completed by the sweep when its webhook is lost", async () => {
    await deliverWebhooks("lost");
    await untilComplete(await passAndLeave());
  });

  it("is completed by the sweep when payments was down as its webhook was sent", async () => {
    const names = ["payments-1", "payments-2"];
    let left;
    try {
      left = await passAndLeave(() => Promise.all(names.map(stop)));
    } finally {
      await Promise.all(names.map(start));
    }
    await untilComplete(left);
  });

  it("is not changed by a webhook with a forged signature, which is counted", async () => {
    await deliverWebhooks("forged");
    const before = await rejectedWebhooks();
    const { intentId } = await passAndLeave(postponeSweep);
    // Those of the challenge and of its end.
    await eventually(async () => expect(await rejectedWebhooks()).toBeGreaterThanOrEqual(before + 2));
    // A webhook that is accepted would make the payment due.
    const payment = { state: "challenged", nextAttemptAt: expect.any(Date) };
    expect(await payments().findOne({ intentId })).toMatchObject(payment);
    // Lets it end before the order expires.
    await payments().updateOne({ intentId }, { $set: { nextAttemptAt: new Date() } });
  });
});
