import { changesIn, modelStatusOf, transitionOf, violationsOfModel } from "./histories";
import type { Kind } from "./transitions";

/** The version of each state is its place; undefined was not observed. */
const history = (kind: Kind, states: (string | undefined)[]) =>
  states.flatMap((state, version) => (state ? [{ kind, id: `${kind} 1`, version, state }] : []));

it.each<[string, Kind, (string | undefined)[]]>([
  ["an intent that leaves a final state", "intent", [undefined, "requires_capture", "canceled", "succeeded"]],
  ["a payment that skips the grant", "payment", ["authorizing", "authorized", "charged"]],
  ["a payment that goes back", "payment", [undefined, "authorized", "capturing", "authorized"]],
  ["an order that is completed after its end", "order", ["created", "cancelled", undefined, "complete"]],
  ["an intent that holds money from the beginning", "intent", ["requires_capture", "succeeded"]],
  ["an order that is complete from the beginning", "order", ["complete"]],
  [
    "a payment that goes back, with a gap",
    "payment",
    [undefined, "capturing", undefined, undefined, "authorized"],
  ],
])("finds %s", (_, kind, states) => {
  expect(violationsOfModel(changesIn(history(kind, states)))).toHaveLength(1);
});

it.each<[string, Kind, (string | undefined)[]]>([
  ["an order", "order", ["created", "awaiting:payment", "created", "awaiting:payment", "complete"]],
  ["a payment of which events show only a part", "payment", [undefined, "authorized", undefined, "charged"]],
  [
    "a payment whose version changes without its state",
    "payment",
    ["authorizing", "authorizing", "authorized"],
  ],
  ["an intent", "intent", ["requires_confirmation", "requires_action", "requires_capture", "succeeded"]],
])("accepts %s", (_, kind, states) => {
  const changes = changesIn(history(kind, states));
  expect(changes.length).toBeGreaterThan(0);
  expect(violationsOfModel(changes)).toEqual([]);
});

it("orders states by their versions, and separates those of different payments", () => {
  const states = [undefined, "authorized", undefined, "charged", "settled"];
  const [one, other] = ["a", "b"].map((id) => history("payment", states).map((each) => ({ ...each, id })));
  const changes = changesIn([...(one ?? []), ...(other ?? [])].toReversed());
  const expected = ["payment authorized -> charged", "payment charged -> settled"];
  expect(changes.map(transitionOf)).toEqual([...expected, ...expected]);
  expect(changes.map(({ isDirect }) => isDirect)).toEqual([false, true, false, true]);
});

it("treats an intent without a card as one that is not confirmed, unless a card has failed", () => {
  const error = { type: "card_error" as const };
  const status = "requires_payment_method";
  expect(modelStatusOf({ status, last_payment_error: null })).toBe("requires_confirmation");
  expect(modelStatusOf({ status, last_payment_error: error })).toBe(status);
});
