import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Parser } from "@asyncapi/parser";
import { z } from "zod";
import { asyncApi } from "./asyncapi";
import { type Event, subjects } from "./events";

const folder = join(__dirname, "fixtures");
const fixtures: Event[] = readdirSync(folder).flatMap((version) =>
  JSON.parse(readFileSync(join(folder, version, "events.json"), "utf8")),
);
const document = JSON.parse(JSON.stringify(asyncApi("1.2.3", fixtures)));

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
});

describe("AsyncAPI's own parser", () => {
  const parser = new Parser();

  async function problemsOf(changed: unknown): Promise<string[]> {
    const problems = await parser.validate(JSON.stringify(changed));
    // More tools read 3.0 than 3.1.
    return problems.map(({ code }) => String(code)).filter((code) => code !== "asyncapi-latest-version");
  }

  it("accepts it", async () => {
    expect(await problemsOf(document)).toEqual([]);
  });

  it("rejects an operation with another channel's message", async () => {
    const changed = structuredClone(document);
    changed.operations["orders-send-order-created"].messages[0].$ref =
      "#/channels/order-updated/messages/event";
    expect(await problemsOf(changed)).toEqual(["asyncapi3-operation-messages-from-referred-channel"]);
  });

  it("rejects an unknown binding", async () => {
    const changed = structuredClone(document);
    changed.operations["orders-receive-ticket-created"].bindings.nats = { group: "orders" };
    expect(await problemsOf(changed)).not.toEqual([]);
  });
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
    "user:banned",
    "user:unbanned",
    "user:signed-out",
    "user:deleted",
  ]);
  expect(of("receive", "auth")).toEqual(["user:banned", "user:unbanned", "user:signed-out", "user:deleted"]);
  expect(of("receive", "expiration")).toEqual(["order:created", "order:cancelled", "order:completed"]);
  expect(operations.filter(({ action }) => action === "send")).toHaveLength(subjects.length);
});

it("has the addresses of both brokers", () => {
  expect(document.channels["order-created"]).toMatchObject({
    address: "order:created",
    "x-jetstream": { stream: "eventhive", subject: "eventhive.order.created.{aggregateId}" },
  });
  expect(document.operations["tickets-receive-order-created"]).toMatchObject({
    bindings: { nats: { queue: "tickets" } },
    "x-jetstream": { durable: "tickets-order:created" },
  });
  expect(document.operations["orders-send-order-created"]).not.toHaveProperty("bindings");
});

it("shows every fixture as an example", () => {
  const messages = Object.values<{ examples: { payload: Event }[] }>(document.components.messages);
  const examples = messages.flatMap((message) => message.examples.map(({ payload }) => payload));
  expect(examples.map(({ id }) => id).toSorted()).toEqual(fixtures.map(({ id }) => id).toSorted());
  expect(messages.filter((message) => message.examples.length === 0)).toEqual([]);
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
