import { stateOf, unpaidAttempts } from "./order-state";
import type { Order, Payment } from "./types";

const expiresAt = "2026-11-23T12:01:00.000Z";
const inTime = Date.parse(expiresAt) - 1;

const orderThat = (difference: Partial<Order>): Order => ({
  id: "0123456789abcdef01234567",
  version: 0,
  status: "created",
  userId: "0123456789abcdef01234568",
  expiresAt,
  ticket: { id: "0123456789abcdef01234569", title: "Chamber music", price: 19.99, version: 0 },
  createdAt: "2026-11-23T12:00:00.000Z",
  ...difference,
});

const paymentsIn = (...states: Payment["state"][]): Payment[] =>
  states.map((state) => ({
    id: "0123456789abcdef0123456a",
    version: 0,
    userId: "0123456789abcdef01234568",
    orderId: "0123456789abcdef01234567",
    amount: 1999,
    currency: "usd",
    state,
    createdAt: "2026-11-23T12:00:30.000Z",
  }));

const replaceable = (mayBeReplaced: boolean, state: Payment["state"]): Payment[] =>
  paymentsIn(state).map((payment) => ({ ...payment, mayBeReplaced }));

const live = orderThat({});
const granted = orderThat({ status: "awaiting:payment" });
const complete = orderThat({ status: "complete" });
const expired = orderThat({ status: "cancelled", cancelReason: "expired" });
const cancelled = orderThat({ status: "cancelled", cancelReason: "buyer" });

it.each([
  ["a live order", live, paymentsIn(), "awaiting-payment"],
  ["a live order whose card was declined", live, paymentsIn("failed", "failed"), "awaiting-payment"],
  ["a live order whose card is being charged", live, paymentsIn("charging", "failed"), "confirming"],
  ["a live order whose card is charged", live, paymentsIn("charged"), "confirming"],
  ["a live order whose card is being checked", live, paymentsIn("authorizing"), "confirming"],
  ["a live order whose card may be replaced", live, replaceable(true, "authorizing"), "awaiting-payment"],
  ["a live order whose charge did nothing", live, replaceable(true, "charging"), "awaiting-payment"],
  ["a live order whose card may not be replaced", live, replaceable(false, "authorizing"), "confirming"],
  ["a live order whose card was approved", live, paymentsIn("authorized"), "confirming"],
  ["a live order whose buyer has to pass 3-D Secure", live, paymentsIn("challenged"), "awaiting-payment"],
  ["a live order whose payment is being voided", live, paymentsIn("voiding"), "awaiting-payment"],
  ["a granted order", granted, paymentsIn("capturing"), "confirming"],
  ["a granted order while payments is unavailable", granted, paymentsIn(), "confirming"],
  ["a complete order", complete, paymentsIn("settled"), "paid"],
  ["a complete order whose payment is not settled yet", complete, paymentsIn("charged"), "paid"],
  ["a complete order while payments is unavailable", complete, paymentsIn(), "paid"],
  ["an expired order", expired, paymentsIn("failed"), "expired"],
  ["a cancelled order", cancelled, paymentsIn(), "cancelled"],
  ["an expired order whose card is being charged", expired, paymentsIn("charging", "failed"), "uncertain"],
  ["a cancelled order whose card is being charged", cancelled, paymentsIn("charging"), "uncertain"],
  ["an expired order that was charged", expired, paymentsIn("charged"), "refunding"],
  ["a cancelled order whose refund is pending", cancelled, paymentsIn("refunding"), "refunding"],
  ["an expired order whose hold is being released", expired, paymentsIn("voiding"), "expired"],
  ["a cancelled order whose card was approved", cancelled, paymentsIn("authorized"), "cancelled"],
  ["an expired order whose charge was refunded", expired, paymentsIn("refunded", "failed"), "refunded"],
])("recognizes %s", (_what, order, payments, state) => {
  expect(stateOf(order, payments, inTime)).toBe(state);
});

it("stops waiting for a payment when the time is up, before orders has cancelled the order", () => {
  expect(stateOf(live, [], Date.parse(expiresAt))).toBe("ending");
  expect(stateOf(live, paymentsIn("challenged"), Date.parse(expiresAt))).toBe("ending");
  expect(stateOf(live, paymentsIn("charged"), Date.parse(expiresAt))).toBe("confirming");
  expect(stateOf(granted, [], Date.parse(expiresAt))).toBe("confirming");
});

it.each([
  ["no attempt", [], "none"],
  ["declined cards", [false, false], "not-charged"],
  ["a payment that was given up", [true], "unconfirmed"],
  ["a declined card and a payment that was given up", [false, true], "unconfirmed"],
  ["an older payments service", [undefined], "unconfirmed"],
] as const)("determines the outcome of %s", (_what, all, expected) => {
  const payments = all.flatMap((mayBeCharged) =>
    paymentsIn("failed").map((payment) => ({ ...payment, mayBeCharged })),
  );
  expect(unpaidAttempts(payments)).toBe(expected);
});

it("detects that a hold is being released", () => {
  expect(unpaidAttempts(paymentsIn("voiding", "failed"))).toBe("releasing");
});
