import { z } from "zod";
import { type Subject, envelope, events, subjects } from "./events";

/** The publisher and the consumers of each subject. */
export const traffic: Record<Subject, { from: string; to: string[] }> = {
  "ticket:created": { from: "tickets", to: ["orders"] },
  "ticket:updated": { from: "tickets", to: ["orders"] },
  "order:created": { from: "orders", to: ["tickets", "payments", "expiration"] },
  "order:updated": { from: "orders", to: ["tickets", "payments"] },
  "order:cancelled": { from: "orders", to: ["tickets", "payments", "expiration"] },
  "order:completed": { from: "orders", to: ["tickets", "payments", "expiration"] },
  "expiration:complete": { from: "expiration", to: ["orders"] },
  "payment:authorized": { from: "payments", to: ["orders"] },
  "payment:failed": { from: "payments", to: ["orders"] },
  "payment:created": { from: "payments", to: ["orders"] },
  "payment:refunded": { from: "payments", to: [] },
};

/**
 * The contract as an AsyncAPI 3 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0), for services
 * in other languages: a channel for each subject, CloudEvents on it, and an operation for each sender and receiver.
 * @param version of the contract: that of this package
 */
export function asyncApi(version: string) {
  return {
    asyncapi: "3.0.0",
    info: {
      title: "EventHive",
      version,
      description:
        "The events that EventHive's services share, over NATS Streaming: at least once, in any order, each with the " +
        "whole public state of its aggregate. Apply what is newer by `version`. Fields are only ever added.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/cloudevents+json",
    channels: fromEach((subject) => [
      [
        keyOf(subject),
        { address: subject, messages: { event: { $ref: `#/components/messages/${keyOf(subject)}` } } },
      ],
    ]),
    operations: fromEach((subject) => {
      const { from, to } = traffic[subject];
      return [
        operation(from, "send", subject),
        ...to.map((service) => operation(service, "receive", subject)),
      ];
    }),
    components: {
      messages: fromEach((subject) => [[keyOf(subject), message(subject)]]),
      schemas: {
        envelope: jsonSchema(envelope),
        ...fromEach((subject) => [[schemaNameOf(subject), jsonSchema(events[subject])]]),
      },
    },
  };
}

/** The JSON Schema of what may be sent; draft 7 is what AsyncAPI's own schemas build on. */
export function jsonSchema(schema: z.ZodType) {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
  return rest;
}

function fromEach<T>(describe: (subject: Subject) => [string, T][]): Record<string, T> {
  return Object.fromEntries(subjects.flatMap(describe));
}

/** `order:created` as a key that needs no escape in a `$ref`. */
const keyOf = (subject: Subject) => subject.replace(":", "-");
/** That of its aggregate, or of the part of the aggregate's life that has a schema of its own. */
const schemaNameOf = (subject: Subject) =>
  events[subject] === events["payment:authorized"] ? "uncharged-payment" : subject.replace(/:.*/, "");

function operation(service: string, action: "send" | "receive", subject: Subject): [string, object] {
  const channel = `#/channels/${keyOf(subject)}`;
  return [
    `${service}-${action}-${keyOf(subject)}`,
    {
      action,
      channel: { $ref: channel },
      messages: [{ $ref: `${channel}/messages/event` }],
      tags: [{ name: service }],
    },
  ];
}

const message = (subject: Subject) => ({
  name: subject,
  contentType: "application/cloudevents+json",
  payload: {
    allOf: [{ $ref: "#/components/schemas/envelope" }],
    properties: {
      type: { const: subject },
      data: { $ref: `#/components/schemas/${schemaNameOf(subject)}` },
    },
  },
});
