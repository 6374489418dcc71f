import { envelope, type Event, type Subject, events, subjects } from "./events";
import { jsonSchema, keyOf } from "./event-schemas";
import { durableOf, streamName, subjectOf } from "./jetstream-names";

/** The publisher and the consumers of each subject. */
export const traffic: Record<Subject, { from: string; to: string[]; when: string }> = {
  "ticket:created": { from: "tickets", to: ["orders"], when: "A ticket was put on sale" },
  "ticket:updated": {
    from: "tickets",
    to: ["orders"],
    when: "A ticket was edited, reserved, released, sold or withdrawn",
  },
  "order:created": {
    from: "orders",
    to: ["tickets", "payments", "expiration"],
    when: "A buyer ordered a ticket",
  },
  "order:updated": {
    from: "orders",
    to: ["tickets", "payments"],
    when: "An order was granted to a payment, or released by it",
  },
  "order:cancelled": {
    from: "orders",
    to: ["tickets", "payments", "expiration"],
    when: "An order was cancelled by its buyer or a ban, or expired",
  },
  "order:completed": {
    from: "orders",
    to: ["tickets", "payments", "expiration"],
    when: "An order was paid",
  },
  "expiration:complete": {
    from: "expiration",
    to: ["orders"],
    when: "The time to pay for an order is over; orders decides whether it expires",
  },
  "payment:authorized": {
    from: "payments",
    to: ["orders"],
    when: "A payment was authorized, and waits for the order to be granted to it",
  },
  "payment:failed": { from: "payments", to: ["orders"], when: "An authorized payment failed" },
  "payment:created": { from: "payments", to: ["orders"], when: "A card was charged" },
  "payment:refunded": { from: "payments", to: [], when: "A payment was refunded" },
  "user:banned": {
    from: "auth",
    to: ["auth", "tickets", "orders", "payments"],
    when: "An administrator banned a user",
  },
  "user:unbanned": {
    from: "auth",
    to: ["auth", "tickets", "orders", "payments"],
    when: "An administrator ended the ban of a user",
  },
  "user:signed-out": {
    from: "auth",
    to: ["auth", "tickets", "orders", "payments"],
    when: "All sessions of a user were ended",
  },
  "user:deleted": {
    from: "auth",
    to: ["auth", "tickets", "orders", "payments"],
    when: "A user deleted the account",
  },
};

/**
 * The contract as an AsyncAPI 3 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0), for services
 * in other languages: a channel for each subject, CloudEvents on it, and an operation for each sender and receiver.
 * @param version of the contract: that of this package
 * @param examples of events, shown with their subjects
 */
export function asyncApi(version: string, examples: Event[]) {
  return {
    asyncapi: "3.0.0",
    id: "urn:eventhive",
    info: {
      title: "EventHive",
      version,
      description:
        "The events that EventHive's services share: at least once, in any order, each with the whole public state " +
        "of its aggregate. Apply what is newer by `version`. Fields are only ever added.\n\n" +
        "The addresses are those of NATS Streaming. On NATS JetStream, `x-jetstream` names the stream, the subject " +
        "and the durable consumer instead.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/cloudevents+json",
    servers: {
      broker: {
        host: "{address}",
        protocol: "nats",
        description: "NATS Streaming, or NATS JetStream with `BROKER=jetstream`",
        variables: { address: { default: "localhost:4222", description: "As in `NATS_URL`" } },
      },
    },
    channels: fromEach((subject) => [[keyOf(subject), channel(subject)]]),
    operations: fromEach((subject) => {
      const { from, to } = traffic[subject];
      return [
        operation(from, "send", subject),
        ...to.map((service) => operation(service, "receive", subject)),
      ];
    }),
    components: {
      messages: fromEach((subject) => [[keyOf(subject), message(subject, examples)]]),
      schemas: {
        envelope: jsonSchema(envelope),
        ...fromEach((subject) => [[schemaNameOf(subject), jsonSchema(events[subject])]]),
      },
    },
  };
}

function fromEach<T>(describe: (subject: Subject) => [string, T][]): Record<string, T> {
  return Object.fromEntries(subjects.flatMap(describe));
}

/** The schema of its aggregate, or of the states of the aggregate that have a schema of their own. */
const schemaNameOf = (subject: Subject) =>
  events[subject] === events["payment:authorized"] ? "uncharged-payment" : subject.replace(/:.*/, "");

const channel = (subject: Subject) => ({
  address: subject,
  summary: traffic[subject].when,
  messages: { event: { $ref: `#/components/messages/${keyOf(subject)}` } },
  servers: [{ $ref: "#/servers/broker" }],
  "x-jetstream": { stream: streamName, subject: subjectOf(subject, "{aggregateId}") },
});

function operation(service: string, action: "send" | "receive", subject: Subject): [string, object] {
  const address = `#/channels/${keyOf(subject)}`;
  return [
    `${service}-${action}-${keyOf(subject)}`,
    {
      action,
      channel: { $ref: address },
      messages: [{ $ref: `${address}/messages/event` }],
      tags: [{ name: service }],
      // Processes of a service share its messages.
      ...(action === "receive" && {
        bindings: { nats: { queue: service, bindingVersion: "0.1.0" } },
        "x-jetstream": { durable: durableOf(service, subject) },
      }),
    },
  ];
}

const message = (subject: Subject, examples: Event[]) => ({
  name: subject,
  summary: traffic[subject].when,
  contentType: "application/cloudevents+json",
  payload: {
    allOf: [{ $ref: "#/components/schemas/envelope" }],
    properties: {
      type: { const: subject },
      data: { $ref: `#/components/schemas/${schemaNameOf(subject)}` },
    },
  },
  examples: examples.filter(({ type }) => type === subject).map((payload) => ({ payload })),
});
