import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { asyncApi } from "./asyncapi";
import { type Event, subjects } from "./events";

const document = JSON.parse(JSON.stringify(asyncApi("1.2.3")));
const folder = join(__dirname, "fixtures");
const fixtures: Event[] = readdirSync(folder).flatMap((version) =>
  JSON.parse(readFileSync(join(folder, version, "events.json"), "utf8")),
);

function refsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "$ref" ? [String(inner)] : refsIn(inner)));
}

/** What a reference such as `#/components/schemas/order` points to. */
const resolve = (ref: string) =>
  ref
    .replace(/^#\//, "")
    .split("/")
    .reduce((at, key) => at?.[key], document);

it("is an AsyncAPI 3 document of this version", () => {
  expect(document).toMatchObject({ asyncapi: "3.0.0", info: { title: "EventHive", version: "1.2.3" } });
  expect(Object.keys(document).toSorted()).toEqual([
    "asyncapi",
    "channels",
    "components",
    "defaultContentType",
    "info",
    "operations",
  ]);
});

it("has a channel with one message for each subject", () => {
  const channels = Object.values<{ address: string; messages: { event: { $ref: string } } }>(
    document.channels,
  );
  expect(channels.map(({ address }) => address)).toEqual(subjects);
  for (const { address, messages } of channels)
    expect(resolve(messages.event.$ref)).toMatchObject({ name: address });
});

it("contains no dangling references", () => {
  const refs = refsIn(document);
  expect(refs.length).toBeGreaterThan(subjects.length);
  expect(refs.filter((ref) => resolve(ref) === undefined)).toEqual([]);
});

it("names the sender and the receivers of each event", () => {
  const operations = Object.values<{ action: string; channel: { $ref: string }; tags: { name: string }[] }>(
    document.operations,
  );
  const of = (action: string, service: string) =>
    operations
      .filter((operation) => operation.action === action && operation.tags[0]?.name === service)
      .map(({ channel }) => resolve(channel.$ref).address);
  expect(of("send", "orders")).toEqual([
    "order:created",
    "order:updated",
    "order:cancelled",
    "order:completed",
  ]);
  expect(of("receive", "orders")).toEqual([
    "ticket:created",
    "ticket:updated",
    "expiration:complete",
    "payment:authorized",
    "payment:failed",
    "payment:created",
  ]);
  expect(of("receive", "expiration")).toEqual(["order:created", "order:cancelled", "order:completed"]);
  expect(operations.filter(({ action }) => action === "send")).toHaveLength(subjects.length);
});

describe.each(fixtures)("the schemas of $type, checked by another validator,", (event) => {
  const { type, data } = event;
  const payload = document.components.messages[type.replace(":", "-")].payload;
  const envelope = z.fromJSONSchema(resolve(payload.allOf[0].$ref));
  const schema = z.fromJSONSchema(resolve(payload.properties.data.$ref));

  it("accept an event, and additional fields of a newer publisher", () => {
    expect(payload.properties.type).toEqual({ const: type });
    expect(envelope.safeParse({ ...event, dataschema: "urn:x" }).success).toBe(true);
    expect(schema.safeParse({ ...data, seat: "12A" }).success).toBe(true);
  });

  it("reject an event without a required field", () => {
    const [first] = Object.keys(data);
    expect(schema.safeParse({ ...data, [String(first)]: undefined }).success).toBe(false);
    expect(envelope.safeParse({ ...event, source: undefined }).success).toBe(false);
  });
});
