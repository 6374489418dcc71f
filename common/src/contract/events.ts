import { z } from "zod";
import { idPattern } from "./ids";
import { allPaymentStates, chargePaymentStates } from "./payment-states";

/**
 * The data of each kind of event: the whole public state of its aggregate, so that the newest event alone is enough.
 */
const id = z.string().regex(idPattern);
const version = z.int().nonnegative();
const ownVersion = version.describe("Increases with every change: apply an event only if it is newer");
const date = z.iso.datetime();

const ticket = z.object({
  id,
  version: ownVersion,
  title: z.string(),
  price: z.number().describe("Decimal, with at most two places"),
  userId: id.describe("The seller"),
  status: z.enum(["available", "reserved", "sold", "withdrawn"]),
  withdrawn: z.boolean(),
  orderId: id.optional().describe("The order that reserved or bought it"),
});

const order = z.object({
  id,
  version: ownVersion,
  status: z.enum(["created", "awaiting:payment", "complete", "cancelled"]),
  cancelReason: z.enum(["buyer", "expired"]).optional(),
  buyerBanned: z.boolean().optional().describe("Whether it was cancelled because the buyer was banned"),
  userId: id.describe("The buyer"),
  paymentId: id.optional().describe("The payment that it is granted to, or was paid by"),
  expiresAt: date.describe("The end of the reservation, unless the order is complete"),
  ticket: z
    .object({ id, title: z.string(), price: z.number(), version })
    .describe("The ticket as it was when ordered"),
});

const payment = z.object({
  id,
  version: ownVersion,
  orderId: id,
  userId: id.describe("The buyer"),
  stripeId: z.string().describe("Stripe's charge"),
  intentId: z.string().optional().describe("Stripe's PaymentIntent, of payments that have one"),
  amount: z.int().positive().describe("In the currency's minor unit"),
  currency: z.string().length(3).describe("ISO 4217, in lower case"),
  state: z.enum(chargePaymentStates),
});

const user = z.object({
  id,
  version: ownVersion,
  banned: z.boolean().describe("While true, no service accepts the user's sessions"),
  since: date.describe("When this state last changed"),
  sessionEpoch: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      "Incremented when all sessions of the user end: services reject sessions of older epochs. 0 if absent",
    ),
  deletedAt: date.optional().describe("When the user deleted the account, which is final"),
});

/** A payment that is not charged: its states never appear on the subjects of charged ones, whose readers would refuse them. */
const unchargedPayment = payment.extend({
  stripeId: z.string().optional().describe("Stripe's charge, if there is one"),
  state: z.enum(allPaymentStates),
});

/**
 * The contract between the services: one schema for each subject, from which come the types, the check on both ends,
 * the JSON Schemas and the AsyncAPI document. It only grows: add an optional field or a subject; never rename, retype
 * or reuse.
 * @example
 * const { price } = events["ticket:created"].shape;
 * price.parse(19.99); // => 19.99
 */
export const events = {
  "ticket:created": ticket,
  "ticket:updated": ticket,
  "order:created": order,
  "order:updated": order,
  "order:cancelled": order,
  "order:completed": order,
  "expiration:complete": z.object({ orderId: id }),
  "payment:authorized": unchargedPayment,
  "payment:failed": unchargedPayment,
  "payment:created": payment,
  "payment:refunded": payment,
  "user:banned": user,
  "user:unbanned": user,
  "user:signed-out": user,
  "user:deleted": user,
} as const;

/**
 * What an event is about and what happened: `order:created`. Also its channel at the broker.
 * @example
 * const channelOf = (subject: Subject) => subject.replace(":", "-");
 * channelOf("order:created"); // => "order-created"
 */
export type Subject = keyof typeof events;

/**
 * The data of an event: the public state of its aggregate.
 * @example
 * const nameOf = ({ title, price }: EventData<"ticket:created">) => `${title}, $${price}`;
 * nameOf(ticket); // => "Chamber music, $20"
 */
export type EventData<S extends Subject> = z.infer<(typeof events)[S]>;

/**
 * All subjects.
 * @example
 * subjects.filter((subject) => subject.startsWith("ticket:")); // => ["ticket:created", "ticket:updated"]
 */
export const subjects = Object.keys(events) as Subject[];

/**
 * On sale, reserved by an order, sold, or withdrawn by its seller.
 * @example
 * const isGone = (status: TicketStatus) => status === "sold" || status === "withdrawn";
 * isGone(ticket.status); // => false
 */
export type TicketStatus = z.infer<typeof ticket>["status"];

/**
 * `complete` and `cancelled` are final.
 * @example
 * const live = ["created", "awaiting:payment"] satisfies OrderStatus[];
 * live.length; // => 2
 */
export type OrderStatus = z.infer<typeof order>["status"];

/**
 * Why an order was cancelled: by its buyer, or because its time was over.
 * @example
 * const messages: Record<CancelReason, string> = { buyer: "You cancelled it", expired: "Its time was over" };
 * messages.expired; // => "Its time was over"
 */
export type CancelReason = NonNullable<z.infer<typeof order>["cancelReason"]>;

/**
 * The states of a payment that may have been charged.
 * @example
 * const isPaid = (state: PaymentState) => state === "charged" || state === "settled";
 * isPaid("refunded"); // => false
 */
export type PaymentState = z.infer<typeof payment>["state"];

/** A CloudEvents 1.0 document (https://github.com/cloudevents/spec), structured JSON mode. */
export const envelope = z.object({
  specversion: z.literal("1.0"),
  id: z.string().min(1).describe("The ID of the event, the same in redeliveries"),
  source: z.string().min(1).describe("The publishing service"),
  type: z.enum(subjects),
  subject: id.describe("The ID of the aggregate"),
  time: z.iso.datetime({ offset: true }),
  traceparent: z.string().optional().describe("W3C trace context of the request that caused it"),
  data: z.unknown(),
});

/**
 * An event as parsed from the wire: the CloudEvents envelope and the data of its subject.
 * @example
 * const ageMs = ({ time }: Event) => clock.now() - Date.parse(time);
 * ageMs(parseEvent("ticket:created", eventBytes("ticket:created", ticket))) < seconds(5); // => true
 */
export type Event<S extends Subject = Subject> = Omit<z.infer<typeof envelope>, "type" | "data"> & {
  type: S;
  data: EventData<S>;
};

/**
 * Reads an event from the wire. Unknown fields are dropped, so that newer publishers do not break older readers.
 * @throws when it is not JSON, not an envelope, of another type than its channel, or its data not of the schema
 * @example
 * const bytes = eventBytes("expiration:complete", { orderId: "6553f1000000000000000003" });
 * parseEvent("expiration:complete", bytes).data; // => { orderId: "6553f1000000000000000003" }
 */
export function parseEvent<S extends Subject>(subject: S, bytes: Buffer): Event<S> {
  const event = envelope.parse(JSON.parse(bytes.toString("utf8")));
  if (event.type !== subject)
    throw new Error(`An event of type ${event.type} arrived on the channel ${subject}`);
  return { ...event, type: subject, data: events[subject].parse(event.data) as EventData<S> };
}

/** @throws when `data` is not of the subject's schema: a bug of the publisher, found before anything is stored */
export function checkedData<S extends Subject>(subject: S, data: unknown): EventData<S> {
  return events[subject].parse(data) as EventData<S>;
}
