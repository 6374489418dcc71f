import {
  type Arbitrary,
  asyncProperty,
  check,
  array,
  constant,
  constantFrom,
  oneof,
  option,
  record,
  sample,
  tuple,
} from "fast-check";
import { type GatewayOutcome, captureOutcomes } from "./gateway";
import { type Action, challenges } from "./user";

/** The actions of each user. */
export type Scenario = Action[][];

const sell: Action = { does: "sell", price: 20 };
const order: Action = { does: "order", ticket: 0 };
const pay: Action = { does: "pay", token: "tok_visa" };

const wait = (seconds: number): Action => ({ does: "wait", seconds });

/** How payments are begun: PAYMENT_FLOW of payments. */
export const flows = ["intents", "charges"] as const;
export type Flow = (typeof flows)[number];

export function flowNamed(name = ""): Flow {
  const flow = flows.find((each) => each === name);
  if (!flow) throw new Error(`There is no flow of payments "${name}": ${flows.join(", ")}`);
  return flow;
}

const common: Record<string, Scenario> = {
  buy: [[sell], [order, pay]],
  expire: [[sell], [order, { does: "wait", seconds: 70 }]],
  cancel: [[sell], [order, { does: "cancel" }]],
  "pay late": [[sell], [order, { does: "wait", seconds: 59.995 }, pay]],
  "decline, then pay": [[sell], [order, { does: "pay", token: "tok_chargeDeclined" }, pay]],
  "edit while ordering": [
    [sell, { does: "edit", ticket: 0, price: 30 }],
    [order, pay],
  ],
  // The buyer is banned, and the seller, whose tickets are reserved and on sale.
  ban: [
    [sell, sell],
    [order, wait(10), pay, { does: "order", ticket: 1 }, { does: "cancel" }, { does: "cancel" }],
    [wait(5), { does: "ban", user: 0 }, { does: "ban", user: 1 }],
  ],
  // The buyer goes on with the same session, during the ban and after it.
  unban: [
    [sell, sell],
    [order, wait(10), { does: "order", ticket: 1 }, wait(20), { does: "order", ticket: 1 }, pay],
    [wait(5), { does: "ban", user: 1 }, wait(15), { does: "unban", user: 1 }],
  ],
  // Each of two devices ends the session of the other one, which goes on buying with it.
  "end sessions": [
    [sell, sell],
    [
      order,
      { does: "change device" },
      { does: "sign out everywhere" },
      { does: "change device" },
      { does: "cancel" },
      pay,
      { does: "change password" },
      { does: "change device" },
      { does: "order", ticket: 1 },
      pay,
    ],
  ],
  // The other device goes on with the session of an account that is gone.
  "delete account": [
    [sell, sell, wait(5), { does: "delete account" }],
    [
      order,
      { does: "change device" },
      { does: "order", ticket: 1 },
      { does: "delete account" },
      { does: "change device" },
      pay,
      { does: "order", ticket: 1 },
    ],
  ],
};

const charges: Record<string, Scenario> = {
  "charge refused": [[sell], [order, { does: "gateway fault", charge: "refused" }, pay]],
  "charge failed after work": [[sell], [order, { does: "gateway fault", charge: "failed after work" }, pay]],
  // Requested in the second half of the reservation, and executed after its end.
  "charge late": [
    [sell],
    [order, { does: "wait", seconds: 35 }, { does: "gateway fault", charge: { lateBySeconds: 30 } }, pay],
  ],
  // The order has expired when its charge is executed. The second refund request succeeds.
  "refund failed": [
    [sell],
    [
      order,
      { does: "wait", seconds: 35 },
      { does: "gateway fault", charge: { lateBySeconds: 30 }, refund: "failed" },
      pay,
    ],
  ],
};

const intents: Record<string, Scenario> = {
  // Once each, with 429.
  "create refused": [[sell], [order, { does: "gateway fault", intent: "refused" }, pay]],
  "confirm refused": [[sell], [order, { does: "gateway fault", confirm: "refused" }, pay]],
  "capture refused for now": [[sell], [order, { does: "gateway fault", capture: "refused" }, pay]],
  // So often that the first card has no outcome when the second one replaces it.
  "confirm refused, then another card": [
    [sell],
    [
      order,
      ...Array.from({ length: 12 }, (): Action => ({ does: "gateway fault", confirm: "refused" })),
      { ...pay, requests: 1 },
      { does: "pay", token: "tok_mastercard" },
    ],
  ],
  // Stripe repeats the error for the idempotency key.
  "create failed": [[sell], [order, { does: "gateway fault", intent: "failed" }, pay]],
  "create failed after work": [[sell], [order, { does: "gateway fault", intent: "failed after work" }, pay]],
  "confirm failed after work": [
    [sell],
    [order, { does: "gateway fault", confirm: "failed after work" }, pay],
  ],
  "capture failed after work": [
    [sell],
    [order, { does: "gateway fault", capture: "failed after work" }, pay],
  ],
  // Each request is executed, but payments does not learn that.
  "responses lost": [
    [sell],
    [
      order,
      { does: "gateway fault", intent: "lost", "payment-method": "lost", confirm: "lost", capture: "lost" },
      pay,
    ],
  ],
  "response to a cancel lost": [
    [sell],
    [order, { does: "gateway fault", cancel: "lost" }, { does: "pay", token: "tok_chargeDeclined" }, pay],
  ],
  "two tabs": [[sell], [order, { does: "pay twice" }]],
  // The order is granted to the first one.
  "two tabs, the capture of the first refused": [
    [sell],
    [
      order,
      { does: "gateway fault", capture: "refused for good" },
      { does: "pay twice" },
      { does: "pay", token: "tok_mastercard" },
    ],
  ],
  // The order has expired when an intent is known.
  "create late": [[sell], [order, wait(59), { does: "gateway fault", intent: { lateBySeconds: 30 } }, pay]],
  "authorized too late": [
    [sell],
    [order, wait(35), { does: "gateway fault", confirm: { lateBySeconds: 30 } }, pay],
  ],
  "capture refused": [
    [sell],
    [
      order,
      { does: "gateway fault", capture: "refused for good" },
      pay,
      { does: "pay", token: "tok_mastercard" },
    ],
  ],
  "capture late and refused": [
    [sell],
    [
      order,
      { does: "gateway fault", capture: { lateBySeconds: 15 }, cancel: { lateBySeconds: 20 } },
      { does: "gateway fault", capture: "refused for good" },
      pay,
    ],
  ],
  "capture processing": [[sell], [order, { does: "gateway fault", capture: "processing" }, pay, wait(30)]],
  // It fails when the order's time is over.
  "processing fails": [
    [sell],
    [order, wait(55), { does: "gateway fault", capture: "processing fails" }, pay],
  ],
  "3-D Secure": [[sell], [order, { does: "pay with 3-D Secure", outcome: "pass" }]],
  "3-D Secure, reads lost and late": [
    [sell],
    [
      order,
      { does: "gateway fault", read: "lost" },
      { does: "gateway fault", read: { lateBySeconds: 5 } },
      { does: "pay with 3-D Secure", outcome: "pass" },
    ],
  ],
  "3-D Secure, webhook storm": [
    [sell],
    [order, { does: "get webhooks", copies: 20 }, { does: "pay with 3-D Secure", outcome: "pass" }],
  ],
  "3-D Secure fails": [[sell], [order, { does: "pay with 3-D Secure", outcome: "fail" }, pay]],
  "3-D Secure abandoned": [[sell], [order, { does: "pay with 3-D Secure", outcome: "abandon" }, pay]],
  "3-D Secure passed, authorization canceled": [
    [sell],
    [order, { does: "pay with 3-D Secure", outcome: "lapse" }, pay],
  ],
  "3-D Secure fails, another card passes": [
    [sell],
    [order, { does: "pay with 3-D Secure", outcome: "another card passes" }],
  ],
  "3-D Secure fails, another card is declined": [
    [sell],
    [order, { does: "pay with 3-D Secure", outcome: "another card is declined" }, pay],
  ],
  "3-D Secure fails, another card requires it too": [
    [sell],
    [order, { does: "pay with 3-D Secure", outcome: "another card requires it too" }],
  ],
  // Stripe has not asked the card yet when the time is over.
  "confirmed too late": [
    [sell],
    [order, wait(59), { does: "gateway fault", confirm: { lateBySeconds: 30 } }, pay],
  ],
  // The broker brings the hold to orders after the order has ended.
  "order cancelled before the grant": [
    [sell],
    [order, { does: "stop broker" }, pay, { does: "cancel" }, { does: "start broker" }],
  ],
  // The captures do not reach Stripe until the hold has been canceled.
  "hold canceled while capturing": [
    [sell],
    [
      order,
      ...Array.from({ length: 8 }, (): Action => ({ does: "gateway fault", capture: "cut" })),
      pay,
      { does: "cancel holds" },
      wait(10),
    ],
  ],
  "hold canceled before the grant": [
    [sell],
    [
      order,
      { does: "get webhooks", copies: 2 },
      { does: "stop broker" },
      pay,
      { does: "cancel holds" },
      wait(10),
      { does: "start broker" },
    ],
  ],
};

export const isCommon = (name: string): boolean => name in common;

/** Those of a flow. In what they do not have in common, only payments differs. */
export const basicScenarios = (flow: Flow): Record<string, Scenario> => ({
  ...common,
  ...(flow === "intents" ? intents : charges),
});

/** Basic scenarios in which, without an injected fault, the payment is confirmed to the buyer. */
export const sales = new Set([
  "buy",
  "decline, then pay",
  "charge refused",
  "charge failed after work",
  "edit while ordering",
  "unban",
  "create refused",
  "confirm refused",
  "capture refused for now",
  "confirm refused, then another card",
  "create failed",
  "create failed after work",
  "confirm failed after work",
  "capture failed after work",
  "responses lost",
  "response to a cancel lost",
  "two tabs",
  "two tabs, the capture of the first refused",
  "capture refused",
  "3-D Secure",
  "3-D Secure, reads lost and late",
  "3-D Secure, webhook storm",
  "3-D Secure fails",
  "3-D Secure abandoned",
  "3-D Secure passed, authorization canceled",
  "3-D Secure fails, another card passes",
  "3-D Secure fails, another card is declined",
  "3-D Secure fails, another card requires it too",
]);

const ticket = constantFrom(0, 1);
const price = constantFrom(30, 40.4, 0.5, 19.99);
const changes: Arbitrary<Action> = oneof(
  record({ does: constant("sell"), price }),
  record({ does: constant("edit"), ticket, price }),
  record({ does: constant("edit"), ticket, price }),
  record({ does: constant("withdraw"), ticket }),
);
const pays: Arbitrary<Action> = record({
  does: constant("pay"),
  token: constantFrom("tok_visa", "tok_visa", "tok_chargeDeclined"),
});
const paysTwice: Arbitrary<Action> = record({ does: constant("pay twice") });
const cancels: Arbitrary<Action> = record({ does: constant("cancel") });
const waits: Arbitrary<Action> = record({ does: constant("wait"), seconds: constantFrom(1, 59.99, 61) });
const outcomes = constantFrom<GatewayOutcome[]>("lost", "cut", "refused", "failed", "failed after work", {
  lateBySeconds: 30,
});
const gatewayFaults: Arbitrary<Action> = oneof(
  record({ does: constant("gateway fault"), charge: outcomes }),
  record({ does: constant("gateway fault"), charge: outcomes }),
  record({ does: constant("gateway fault"), refund: outcomes }),
  record({ does: constant("gateway fault"), intent: outcomes }),
  record({ does: constant("gateway fault"), confirm: outcomes }),
  record({ does: constant("gateway fault"), capture: oneof(outcomes, constantFrom(...captureOutcomes)) }),
  record({ does: constant("gateway fault"), cancel: outcomes }),
  record({ does: constant("gateway fault"), read: outcomes }),
);
const paysWithChallenge: Arbitrary<Action> = record({
  does: constant("pay with 3-D Secure"),
  outcome: constantFrom(...challenges),
});
const changesSessions: Arbitrary<Action> = record({
  does: constantFrom(
    "change device" as const,
    "change device" as const,
    "sign out everywhere" as const,
    "change password" as const,
    "delete account" as const,
  ),
});
const purchase: Arbitrary<Action[]> = tuple(
  record({ does: constant("order"), ticket }),
  array(oneof(pays, pays, paysTwice, paysWithChallenge, cancels, waits, gatewayFaults, changesSessions), {
    maxLength: 4,
  }),
).map(([first, then]) => [first, ...then]);

const bans: Arbitrary<Action> = record({
  does: constantFrom("ban" as const, "ban" as const, "unban" as const),
  user: constantFrom(0, 1, 2),
});

/**
 * One user who sells, others who mostly buy, and in half of them an administrator. Tickets are few, so that they compete.
 */
const scenarios: Arbitrary<Scenario> = tuple(
  array(changes, { maxLength: 4 }),
  array(array(oneof(purchase, purchase, purchase, tuple(changes)), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  }),
  option(array(oneof(bans, waits), { minLength: 1, maxLength: 3 }), { freq: 2 }),
).map(([offers, others, administrator]) => [
  [sell, ...offers],
  ...others.map((steps) => steps.flat()),
  ...(administrator ? [administrator] : []),
]);

/** Deterministic: the same scenario for the same seed. */
export function scenarioOf(seed: number): Scenario {
  const [scenario] = sample(scenarios, { seed, numRuns: 1 });
  if (!scenario) throw new Error("no scenario");
  return scenario;
}

/** The smallest failing scenario that fast-check finds by shrinking the one of the seed. */
export async function shrink(
  seed: number,
  fails: (scenario: Scenario) => Promise<boolean>,
): Promise<Scenario> {
  const passes = asyncProperty(scenarios, async (scenario) => !(await fails(scenario)));
  const { counterexample } = await check(passes, { seed, numRuns: 1 });
  return counterexample?.[0] ?? scenarioOf(seed);
}

const describeAction = (action: Action): string => {
  switch (action.does) {
    case "sell":
      return `sells a ticket for ${action.price}`;
    case "edit":
      return `sets the price to ${action.price} for ticket ${action.ticket + 1}`;
    case "withdraw":
      return `withdraws ticket ${action.ticket + 1}`;
    case "order":
      return `orders ticket ${action.ticket + 1}`;
    case "cancel":
      return "cancels the newest order";
    case "pay":
      return `pays the newest order with ${action.token}`;
    case "pay twice":
      return "pays the newest order with two cards at once";
    case "wait":
      return `waits ${action.seconds} s`;
    case "ban":
      return `bans user ${action.user + 1}`;
    case "unban":
      return `ends the ban of user ${action.user + 1}`;
    case "change device":
      return "continues on the other device";
    case "sign out everywhere":
      return "signs out everywhere else";
    case "change password":
      return "changes the password";
    case "delete account":
      return "deletes the account";
    case "stop broker":
      return "sees the broker stop";
    case "start broker":
      return "sees the broker start";
    case "cancel holds":
      return "sees all holds canceled in the dashboard";
    case "get webhooks":
      return `sees each webhook arrive ${action.copies} times`;
    case "gateway fault":
      return `has the gateway handle the next requests as ${JSON.stringify(action)}`;
    case "pay with 3-D Secure":
      return `pays the newest order with a card that requires 3-D Secure: ${action.outcome}`;
  }
};

export const describeScenario = (scenario: Scenario): string =>
  scenario.map((steps, n) => `User ${n + 1} ${steps.map(describeAction).join(", then ")}.`).join("\n");
