import type { Event } from "@eventhive/common";
import type { Charge } from "../infra/stripe-sandbox/ledger";
import { type LedgerLine, violationsInLedger } from "./invariants-of-ledger";

const start = Date.UTC(2026, 11, 1);

const line = (second: number, id: string, changes: Partial<Charge> = {}): LedgerLine => {
  const metadata = { orderId: "o1", paymentId: `p-${id}` };
  const hold = { id, metadata, payment_intent: `pi-${id}`, paid: true, captured: false, refunded: false };
  return { at: start + second * 1000, charge: { ...hold, ...changes } as unknown as Charge };
};

const order = (second: number, version: number, status: string, id?: string) =>
  ({
    type: "order:updated",
    time: new Date(start + second * 1000).toISOString(),
    data: { id: "o1", version, status, ticket: {}, ...(id && { paymentId: `p-${id}` }) },
  }) as unknown as Event;

const grant = (second: number, id: string, version = 1) => order(second, version, "awaiting:payment", id);

it("accepts a hold that was released before the next one, which was captured once it was granted", () => {
  const lines = [
    line(1, "a"),
    line(2, "a", { refunded: true }),
    line(3, "b"),
    line(5, "b", { captured: true }),
  ];
  const events = [grant(4, "b"), order(6, 2, "complete", "b"), grant(9, "b")];
  expect(violationsInLedger(events, lines)).toEqual([]);
});

it("finds two holds of an order at once, though one was released before the end", () => {
  const lines = [line(1, "a"), line(2, "b"), line(3, "a", { refunded: true })];
  expect(violationsInLedger([], lines)).toEqual(["I2: order o1 had a and b at once"]);
});

it("finds a capture before its grant", () => {
  const lines = [line(1, "a"), line(2, "a", { captured: true })];
  expect(violationsInLedger([grant(4, "a")], lines)).toEqual([
    "I2: charge a was captured 2000 ms before order o1 was granted",
  ]);
});

it.each([
  ["released", [order(3, 2, "created"), order(12, 2, "created")]],
  ["granted to another payment", [grant(3, "b", 3)]],
])("finds a capture after the order was %s, though it was refunded before the next hold", (_, later) => {
  const lines = [
    line(1, "a"),
    line(5, "a", { captured: true }),
    line(6, "a", { captured: true, refunded: true }),
    line(7, "b"),
    line(8, "b", { captured: true }),
  ];
  const events = [grant(2, "a"), ...later, grant(7, "b", 3), order(9, 4, "complete", "b")];
  expect(violationsInLedger(events, lines)).toEqual([
    "I2: charge a was captured 2000 ms after the grant of order o1 had ended",
  ]);
});
