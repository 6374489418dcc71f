import { clock } from "@eventhive/common";
import { type Client, type Order, bodyOf, newUser } from "./client";
import { paysByIntents } from "./payment-flow";
import { reservationSeconds } from "./reservation-seconds";
import { orderOf, ticketOnSale } from "./setup";
import { whileShopping } from "./shopping";
import { card, database, endFaults, fault, happenToIntent, restartWith, setReservations } from "./stack";
import { stackViolations } from "./stack-violations";

// The change of payments from charges to intents, and back, one process at a time: docs/operating.md describes it.

type Flow = "intents" | "charges";

const begin = (name: string, flow: Flow) => restartWith(name, { PAYMENT_FLOW: flow });

beforeAll(() =>
  Promise.all([
    begin("payments-1", "charges"),
    begin("payments-2", "charges"),
    setReservations(reservationSeconds.long),
  ]),
);

afterAll(async () => {
  await endFaults();
  const flow = paysByIntents ? "intents" : "charges";
  await Promise.all([
    begin("payments-1", flow),
    begin("payments-2", flow),
    setReservations(reservationSeconds.short),
  ]);
});

/** The flows of payments that were begun since then. */
async function flowsSince(time: number): Promise<Set<Flow>> {
  const payments = database("payments").collection("payments");
  const begun = await payments.find({ createdAt: { $gt: new Date(time) } }).toArray();
  return new Set(begun.map(({ lastAttemptAt }): Flow => (lastAttemptAt ? "charges" : "intents")));
}

it("changes the flow and changes it back under purchases, with requests open at Stripe", async () => {
  await whileShopping(async (shopped) => {
    /** Resolves when enough purchases have been made, and payments were begun by all these flows, and by no other. */
    const purchasesBy = async (...flows: Flow[]) => {
      const since = clock.now();
      await shopped(async () => expect(await flowsSince(since)).toEqual(new Set(flows)));
    };

    await purchasesBy("charges");
    await fault({ kind: "late", operation: "charge", milliseconds: 3_000, times: 2 });
    await fault({ kind: "lose", operation: "charge", times: 2 });
    await begin("payments-1", "intents");
    await purchasesBy("charges", "intents");
    await begin("payments-2", "intents");
    await purchasesBy("intents");

    const challenged = await beginChallenge();
    for (const operation of ["intent", "confirm", "capture"] as const) {
      await fault({ kind: "late", operation, milliseconds: 3_000 });
      await fault({ kind: "lose", operation });
    }
    await begin("payments-1", "charges");
    await purchasesBy("charges", "intents");
    await begin("payments-2", "charges");
    await purchasesBy("charges");
    await happenToIntent(challenged.intentId, "pass-challenge");
    expect(await challenged.buyer.pay(challenged.order, challenged.token)).toMatchObject({
      status: 201,
      body: { intentId: challenged.intentId },
    });
  });
  expect(await stackViolations()).toEqual([]);
}, 600_000);

interface Challenged {
  buyer: Client;
  order: Order;
  token: string;
  intentId: string;
}

/** A payment that waits for 3-D Secure. */
async function beginChallenge(): Promise<Challenged> {
  const [seller, buyer, token] = await Promise.all([newUser(), newUser(), card("4000002760003184")]);
  const order = await orderOf(buyer, await ticketOnSale(seller));
  const { state, intentId = "" } = await bodyOf(buyer.pay(order, token));
  expect(state).toBe("challenged");
  return { buyer, order, token, intentId };
}
