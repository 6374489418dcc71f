import {
  type Arbitrary,
  asyncProperty,
  check,
  array,
  constant,
  constantFrom,
  oneof,
  record,
  sample,
  tuple,
} from "fast-check";
import type { Fate } from "./gateway";
import type { Action } from "./people";

/** What each of several people does, one thing after the other. */
export type Story = Action[][];

const sell: Action = { does: "sell", price: 20 };
const order: Action = { does: "order", ticket: 0 };
const pay: Action = { does: "pay", token: "tok_visa" };

export const basicStories: Record<string, Story> = {
  buy: [[sell], [order, pay]],
  expire: [[sell], [order, { does: "wait", seconds: 70 }]],
  cancel: [[sell], [order, { does: "cancel" }]],
  "pay late": [[sell], [order, { does: "wait", seconds: 59.995 }, pay]],
  "decline, then pay": [[sell], [order, { does: "pay", token: "tok_chargeDeclined" }, pay]],
  "charge refused": [[sell], [order, { does: "trouble", charge: "refused" }, pay]],
  "charge failed after work": [[sell], [order, { does: "trouble", charge: "failed after work" }, pay]],
  // Begun in the second half of the order's time, and done after its end.
  "charge late": [
    [sell],
    [order, { does: "wait", seconds: 35 }, { does: "trouble", charge: { lateBySeconds: 30 } }, pay],
  ],
  // The order has ended when its charge is done: it is refunded, with the second request.
  "refund failed": [
    [sell],
    [
      order,
      { does: "wait", seconds: 35 },
      { does: "trouble", charge: { lateBySeconds: 30 }, refund: "failed" },
      pay,
    ],
  ],
  "edit while ordering": [
    [sell, { does: "edit", ticket: 0, price: 30 }],
    [order, pay],
  ],
};

/** Basic stories in which, without a fault of our own, the buyer is told that the order is paid. */
export const sales = new Set([
  "buy",
  "decline, then pay",
  "charge refused",
  "charge failed after work",
  "edit while ordering",
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
const fates = constantFrom<Fate[]>("lost", "cut", "refused", "failed", "failed after work", {
  lateBySeconds: 30,
});
const troubles: Arbitrary<Action> = oneof(
  record({ does: constant("trouble"), charge: fates }),
  record({ does: constant("trouble"), charge: fates }),
  record({ does: constant("trouble"), refund: fates }),
);
const purchase: Arbitrary<Action[]> = tuple(
  record({ does: constant("order"), ticket }),
  array(oneof(pays, pays, paysTwice, cancels, waits, troubles), { maxLength: 4 }),
).map(([first, then]) => [first, ...then]);

/** Somebody who sells, and others who mostly buy, so few tickets that they want the same. */
const stories: Arbitrary<Story> = tuple(
  array(changes, { maxLength: 4 }),
  array(array(oneof(purchase, purchase, purchase, tuple(changes)), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  }),
).map(([offers, others]) => [[sell, ...offers], ...others.map((steps) => steps.flat())]);

/** The same story for the same seed. */
export function storyOf(seed: number): Story {
  const [story] = sample(stories, { seed, numRuns: 1 });
  if (!story) throw new Error("no story");
  return story;
}

/** The shortest story like the one of the seed that still ends badly, as far as can be found. */
export async function shrink(seed: number, endsBadly: (story: Story) => Promise<boolean>): Promise<Story> {
  const endsWell = asyncProperty(stories, async (story) => !(await endsBadly(story)));
  const { counterexample } = await check(endsWell, { seed, numRuns: 1 });
  return counterexample?.[0] ?? storyOf(seed);
}

const words = (step: Action): string => {
  switch (step.does) {
    case "sell":
      return `sells a ticket for ${step.price}`;
    case "edit":
      return `asks ${step.price} for ticket ${step.ticket + 1}`;
    case "withdraw":
      return `withdraws ticket ${step.ticket + 1}`;
    case "order":
      return `orders ticket ${step.ticket + 1}`;
    case "cancel":
      return "cancels the newest order";
    case "pay":
      return `pays the newest order with ${step.token}`;
    case "pay twice":
      return "pays the newest order with two cards at once";
    case "wait":
      return `waits ${step.seconds} s`;
    case "trouble":
      return `meets a gateway whose next charge is ${JSON.stringify(step.charge)}, and the next refund ${JSON.stringify(step.refund)}`;
  }
};

export const inWords = (story: Story): string =>
  story.map((steps, n) => `person ${n + 1} ${steps.map(words).join(", then ")}.`).join("\n");
