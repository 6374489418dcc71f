import { z } from "zod";
import { type JsonSchema, breakingChanges } from "./breaking-changes";

const fields = {
  id: z.string().regex(/^[0-9a-f]{24}$/),
  price: z.number().min(0),
  title: z.string().max(200),
  status: z.enum(["available", "sold"]),
  orderId: z.string().optional(),
  labels: z.array(z.string()),
  seat: z.object({ row: z.int(), side: z.string().optional() }),
};
const released = z.object(fields);
const { price: _, ...withoutPrice } = fields;

const changesTo = (now: z.ZodType) => breakingChanges(schemaOf(released), schemaOf(now));
const schemaOf = (schema: z.ZodType): JsonSchema =>
  JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: "input" })));

it.each<[string, z.ZodType]>([
  ["nothing", released],
  ["an optional field", released.extend({ venue: z.string().optional() })],
  ["an optional object", released.extend({ venue: z.object({ name: z.string() }).optional() })],
  [
    "an optional field of an object",
    released.extend({ seat: fields.seat.extend({ number: z.int().optional() }) }),
  ],
  ["a description", released.extend({ price: fields.price.describe("In the currency's unit") })],
  [
    "a title and an example",
    released.extend({ seat: fields.seat.meta({ title: "Seat", examples: [{ row: 1 }] }) }),
  ],
  ["another order of values", released.extend({ status: z.enum(["sold", "available"]) })],
  ["another order of fields", z.object({ ...withoutPrice, price: fields.price })],
])("accepts %s", (_name, now) => {
  expect(changesTo(now)).toEqual([]);
});

it.each<[string, z.ZodType, string[]]>([
  ["a required field", released.extend({ venue: z.string() }), ["event: required"]],
  ["a removed field", z.object(withoutPrice), ["event.price: removed", "event: required"]],
  ["a removed optional field", released.omit({ orderId: true }), ["event.orderId: removed"]],
  [
    "a renamed field",
    z.object({ ...withoutPrice, cost: fields.price }),
    ["event.price: removed", "event: required"],
  ],
  ["another type", released.extend({ title: z.number() }), ["event.title: maxLength", "event.title: type"]],
  ["an optional field that becomes required", released.extend({ orderId: z.string() }), ["event: required"]],
  ["a required field that becomes optional", released.partial({ price: true }), ["event: required"]],
  ["null", released.extend({ orderId: z.string().nullable().optional() }), ["event.orderId: type"]],
  ["a new value", released.extend({ status: z.enum(["available", "sold", "lost"]) }), ["event.status: enum"]],
  ["a removed value", released.extend({ status: z.enum(["available"]) }), ["event.status: enum"]],
  ["another value", released.extend({ status: z.enum(["available", "Sold"]) }), ["event.status: enum"]],
  ["a limit", released.extend({ price: z.number().min(0).max(10) }), ["event.price: maximum"]],
  ["a stricter limit", released.extend({ title: z.string().max(100) }), ["event.title: maxLength"]],
  ["a looser limit", released.extend({ title: z.string().max(300) }), ["event.title: maxLength"]],
  ["no limit", released.extend({ title: z.string() }), ["event.title: maxLength"]],
  ["another pattern", released.extend({ id: z.string().regex(/^\d+$/) }), ["event.id: pattern"]],
  [
    "a format",
    released.extend({ orderId: z.uuid().optional() }),
    ["event.orderId: format", "event.orderId: pattern"],
  ],
  ["an item of another type", released.extend({ labels: z.array(z.int()) }), ["event.labels: items"]],
  ["no other fields", released.strict(), ["event: additionalProperties"]],
  [
    "a change inside an object",
    released.extend({ seat: z.object({ row: z.string(), side: z.string().optional() }) }),
    ["event.seat.row: maximum", "event.seat.row: minimum", "event.seat.row: type"],
  ],
])("reports %s", (_name, now, expected) => {
  const found = changesTo(now).map((change) => change.replace(/^(\S+: \w+) was .*/, "$1"));
  expect(found.toSorted()).toEqual(expected);
});

it("reports the old and the new value of a keyword", () => {
  expect(changesTo(released.extend({ status: z.enum(["available"]) }))).toEqual([
    'event.status: enum was ["available","sold"], and is ["available"]',
  ]);
});

it("treats the identifier of a schema as part of the contract", () => {
  const [before, now] = [
    { $id: "urn:eventhive:event:ticket:created" },
    { $id: "urn:eventhive:event:ticket" },
  ];
  expect(breakingChanges(before, now)).toHaveLength(1);
});
