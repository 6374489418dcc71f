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
  "edit while ordering": [
    [sell, { does: "edit", ticket: 0, price: 30 }],
    [order, pay],
  ],
};

const ticket = constantFrom(0, 1, 2);
const action: Arbitrary<Action> = oneof(
  { weight: 2, arbitrary: record({ does: constant("sell"), price: constantFrom(20, 0.5, 19.99) }) },
  { weight: 2, arbitrary: record({ does: constant("edit"), ticket, price: constantFrom(30, 40.4) }) },
  { weight: 1, arbitrary: record({ does: constant("withdraw"), ticket }) },
  { weight: 6, arbitrary: record({ does: constant("order"), ticket }) },
  { weight: 2, arbitrary: record({ does: constant("cancel") }) },
  {
    weight: 4,
    arbitrary: record({ does: constant("pay"), token: constantFrom("tok_visa", "tok_chargeDeclined") }),
  },
  { weight: 1, arbitrary: record({ does: constant("pay twice") }) },
  { weight: 1, arbitrary: record({ does: constant("wait"), seconds: constantFrom(1, 30, 59.99, 61) }) },
);

const stories = tuple(
  array(action, { maxLength: 4 }).map((more) => [sell, ...more]),
  array(array(action, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
).map(([seller, others]) => [seller, ...others]);

/** The same story for the same seed. */
export function storyOf(seed: number): Story {
  const [story] = sample(stories, { seed, numRuns: 1 });
  if (!story) throw new Error("no story");
  return story;
}

/** The shortest story like this one that still ends badly, as far as can be found. */
export async function shrink(story: Story, endsBadly: (story: Story) => Promise<boolean>): Promise<Story> {
  const fails = asyncProperty(stories, async (each) => !(await endsBadly(each)));
  const { counterexample } = await check(fails, { examples: [[story]], numRuns: 1, endOnFailure: false });
  return counterexample?.[0] ?? story;
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
  }
};

export const inWords = (story: Story): string =>
  story.map((steps, n) => `person ${n + 1} ${steps.map(words).join(", then ")}.`).join("\n");
