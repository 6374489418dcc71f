import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { type JsonSchema, breakingChanges } from "../../../infra/breaking-changes";
import { jsonSchema } from "./event-schemas";
import { type Event, type Subject, checkedData, envelope, events, parseEvent, subjects } from "./events";

// What was promised. When the contract grows, write the new field or subject into the fixtures of the next version;
// those that are there never change: other services, brokers and outboxes are full of them.
const read = (version: string, file: string) =>
  JSON.parse(readFileSync(join(__dirname, "fixtures", version, file), "utf8"));
const versions = readdirSync(join(__dirname, "fixtures"));
const promisedEvents: Event[] = versions.flatMap((version) => read(version, "events.json"));
const promisedSchemas: [string, string, JsonSchema][] = versions.flatMap((version) =>
  Object.entries<JsonSchema>(read(version, "schemas.json")).map(([name, schema]) => [version, name, schema]),
);

const bytes = (event: unknown) => Buffer.from(JSON.stringify(event));
const [sample] = promisedEvents;
if (sample?.type !== "ticket:created") throw new Error("The first fixture is a ticket:created");

describe("the contract only grows", () => {
  it.each(promisedEvents)("parses a $type of every version", (event) => {
    expect(parseEvent(event.type, bytes(event))).toEqual(event);
  });

  it.each(promisedSchemas)(
    "keeps the schema in %s of %s: nothing removed, renamed, retyped or newly required",
    (_, name, promised) => {
      expect(breakingChanges(promised, schemaNow(name), name)).toEqual([]);
    },
  );

  it.each(subjects)("has a fixture of %s, with an example of every field", (subject) => {
    const examples = promisedEvents.filter(({ type }) => events[type] === events[subject]);
    const shown = new Set(examples.flatMap(({ data }) => pathsOf(data)));
    expect([...shown].toSorted()).toEqual(fieldsOf(schemaNow(subject)).toSorted());
    expect(promisedEvents.map(({ type }) => type)).toContain(subject);
  });
});

function schemaNow(name: string): JsonSchema {
  // A new subject is no change of the envelope.
  const schema: z.ZodType = name === "envelope" ? envelope.omit({ type: true }) : events[name as Subject];
  return JSON.parse(JSON.stringify(jsonSchema(schema)));
}

function pathsOf(data: object, before = ""): string[] {
  return Object.entries(data).flatMap(([name, value]) =>
    typeof value === "object" ? pathsOf(value, `${before}${name}.`) : [before + name],
  );
}

function fieldsOf({ properties = {} }: JsonSchema, before = ""): string[] {
  return Object.entries(properties).flatMap(([name, schema]) =>
    schema.properties ? fieldsOf(schema, `${before}${name}.`) : [before + name],
  );
}

it("drops unknown fields, so that newer publishers do not break it", () => {
  const newer = { ...sample, datacontenttype: "application/json", data: { ...sample.data, seat: "12A" } };
  expect(parseEvent("ticket:created", bytes(newer))).toEqual(sample);
});

it.each<[string, unknown]>([
  ["that is not JSON", "{"],
  ["that is not an object", []],
  ["of another CloudEvents version", { ...sample, specversion: "0.3" }],
  ["without an id", { ...sample, id: "" }],
  ["of no type that there is", { ...sample, type: "ticket:sold" }],
  ["about something without a proper id", { ...sample, subject: "1" }],
  ["of no time", { ...sample, time: "yesterday" }],
  ["without data", { ...sample, data: undefined }],
  ["whose data lacks a field", { ...sample, data: { ...sample.data, price: undefined } }],
  ["whose data has a field of another type", { ...sample, data: { ...sample.data, price: "19.99" } }],
  ["whose data has a version below 0", { ...sample, data: { ...sample.data, version: -1 } }],
])("refuses a message %s", (_name, message) => {
  const onTheWire = typeof message === "string" ? Buffer.from(message) : bytes(message);
  expect(() => parseEvent("ticket:created", onTheWire)).toThrow(Error);
});

it("rejects an event of another subject, even if its data would be valid", () => {
  expect(() => parseEvent("ticket:updated", bytes(sample))).toThrow(
    "An event of type ticket:created arrived on the channel ticket:updated",
  );
});

it("accepts the time formats of other languages", () => {
  const event = { ...sample, time: "2026-11-20T11:00:00+01:00" };
  expect(parseEvent("ticket:created", bytes(event)).time).toBe("2026-11-20T11:00:00+01:00");
});

it("rejects data of a publisher that violates the contract", () => {
  expect(() => checkedData("order:created", sample.data)).toThrow("expiresAt");
});
