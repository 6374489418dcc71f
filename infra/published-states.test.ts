import { rebuilt } from "@eventhive/common/testing";
import fc from "fast-check";
import { z } from "zod";
import { type EventData, type Subject, events } from "../common/src/contract/events";
import { aggregatesOf } from "../common/src/database/aggregate";
import { examples } from "./any-message";
import { definitions } from "./every-service";

// A rebuild from the broker's log must restore every published state: what an aggregate publishes, stored and published
// again, is the same.

const aggregates = definitions.flatMap(({ store }) =>
  "database" in store ? aggregatesOf(store.database).map((model) => ({ name: model.modelName, model })) : [],
);

it("covers every aggregate", () => {
  const names = aggregates.map(({ name }) => name);
  expect(names.toSorted()).toEqual(["Order", "Payment", "Ticket", "User"]);
});

describe.each(aggregates)("$name", ({ model }) => {
  const { subjects } = model.log;
  const computed = Object.keys(model.schema.virtuals); // from stored fields, so not each combination is possible

  it.each(subjects)("restores each example of %s", (subject) => {
    const states = examples.filter(({ type }) => type === subject).map(({ data }) => data);
    expect(states).not.toEqual([]);
    for (const { id, version, ...state } of states)
      expect(rebuilt(model, { id, version, ...state } as EventData<Subject>).publicState()).toEqual(state);
  });

  it.each(subjects)("restores each stored field of any state on %s", (subject) => {
    fc.assert(
      fc.property(statesOf(subject, subjects), ({ id, version, ...state }) => {
        const restored = rebuilt(model, { id, version, ...state } as EventData<Subject>).publicState();
        expect(without(computed, restored)).toEqual(without(computed, state));
      }),
    );
  });
});

const without = (names: string[], state: object) =>
  Object.fromEntries(Object.entries(state).filter(([name]) => !names.includes(name)));

/** Any state that the contract allows. Values come from the examples of related subjects, too: few texts are IDs. */
function statesOf(subject: Subject, related: readonly Subject[]): fc.Arbitrary<Record<string, unknown>> {
  const states = examples.filter(({ type }) => related.some((one) => one === type)).map(({ data }) => data);
  const valuesOf = ([field, schema]: [string, z.ZodType]) => {
    const known = [...states.map((state) => state[field]), ...optionsOf(schema)];
    const values = fc.oneof(
      fc.constantFrom(...known, undefined),
      fc.string(),
      fc.boolean(),
      fc.integer(),
      fc.integer().map((cents) => cents / 100),
    );
    return [field, values.filter((value) => schema.safeParse(value).success)] as const;
  };
  const fields = Object.entries<z.ZodType>(events[subject].shape);
  return fc.record(Object.fromEntries(fields.map(valuesOf)));
}

/** The values of an enum. */
function optionsOf(schema: unknown): unknown[] {
  if (schema instanceof z.ZodOptional) return optionsOf(schema.unwrap());
  return schema instanceof z.ZodEnum ? schema.options : [];
}
