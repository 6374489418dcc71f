import type { mongo } from "mongoose";
import { z } from "zod";
import type { Intent, Ledger } from "../../infra/stripe-sandbox/ledger";
import {
  type Change,
  type ObservedState,
  changeBetween,
  modelStatusOf,
  transitionOf,
  violationsOfModel,
} from "../../spec/histories";
import { isHarmless } from "../invariants-of-money";
import { changesOfDocument } from "../observed-states";
import { databaseOf } from "./services";

export interface ReceivedUser {
  version: number;
  /** The epoch before which sessions have ended. Infinity for a ban. */
  endedBefore: number;
}

interface StoredUser {
  version: number;
  banned: boolean;
  sessionEpoch?: number | undefined;
}

/** From an event, or as a service stores it. */
export const receivedUser = ({ version, banned, sessionEpoch = 0 }: StoredUser): ReceivedUser => ({
  version,
  endedBefore: banned ? Infinity : sessionEpoch,
});

const seen = z.object({
  version: z.int().optional(),
  status: z.string().optional(),
  state: z.string().optional(),
  cancelReason: z.string().optional(),
  paymentId: z.string().nullish(),
  expiresAt: z.date().optional(),
  lastAttemptAt: z.date().optional(),
  ticket: z.object({ id: z.string() }).optional(),
});
type Seen = z.infer<typeof seen>;

const versioned = z.object({ id: z.string(), version: z.int() });

const final = new Set(["complete", "cancelled", "settled", "failed", "refunded"]);

/** Checks the invariants that must hold at every moment: after each confirmed write and each call of the gateway. */
export class Monitor {
  readonly violations: string[] = [];
  /** Of the model of payments, as `order created -> cancelled`. */
  readonly transitions = new Set<string>();
  private readonly known = new Map<string, Seen>();
  private readonly intents = new Map<string, ObservedState>();
  private ledger: Ledger | undefined;
  /** By service and user, as the service has stored. */
  private readonly users = new Map<string, Map<string, ReceivedUser>>();

  constructor(
    private readonly now: () => number,
    private readonly chargeOutcomeTimeout: number,
  ) {}

  /** @returns a check of the collection as it is now */
  async read(namespace: string): Promise<() => void> {
    const [service = "", collection = ""] = namespace.split(".");
    if (namespace === "auth.users" || collection === "deadletters") return () => {};
    const documents = await databaseOf(service).collection(collection).find().toArray();
    return () => this.check(namespace, documents);
  }

  private check(namespace: string, documents: mongo.BSON.Document[]): void {
    const [service = "", collection = ""] = namespace.split(".");
    if (collection === "bans")
      this.users.set(
        service,
        new Map(
          documents.map(({ _id, version, banned, sessionEpoch }) => [
            String(_id),
            receivedUser({ version, banned, sessionEpoch }),
          ]),
        ),
      );
    const held = new Map<string, number>();
    for (const { _id, ...rest } of documents) {
      const is = seen.parse(rest);
      this.compare(`${namespace} ${String(_id)}`, is);
      if (namespace === "orders.orders" && is.ticket && is.status !== "cancelled")
        held.set(is.ticket.id, (held.get(is.ticket.id) ?? 0) + 1);
    }
    if (this.ledger && (namespace === "orders.orders" || namespace === "payments.payments"))
      this.checkMoney(this.ledger);
    for (const [ticket, orders] of held)
      if (orders > 1) this.violations.push(`I1: ticket ${ticket} has ${orders} live orders at once`);
  }

  /** The statuses of all orders, and the states of all payments. */
  ends = (): string[] =>
    [...this.known].flatMap(([what, { status, state }]) =>
      /^(orders\.orders|payments\.payments) /.test(what) ? (status ?? state ?? []) : [],
    );

  usersIn = (service: string): ReadonlyMap<string, ReceivedUser> => this.users.get(service) ?? new Map();

  /** No failover may roll back what has been published or shown to a user. */
  checkCertain(namespace: string, state: unknown, way: "published" | "shown"): void {
    const { success, data } = versioned.safeParse(state);
    if (!success) return;
    const { version = -1 } = this.known.get(`${namespace} ${data.id}`) ?? {};
    if (data.version > version)
      this.violations.push(
        `${way === "shown" ? "I13" : "I3"}: version ${data.version} of ${namespace} ${data.id} was ${way}, but may be rolled back`,
      );
  }

  checkMoney(ledger: Ledger): void {
    this.ledger = ledger;
    const unrefunded = new Map<string, number>();
    for (const intent of ledger.intents.values()) this.checkIntent(intent);
    for (const {
      id,
      paid,
      captured,
      refunded,
      payment_intent: intentId,
      metadata,
    } of ledger.charges.values()) {
      const { orderId = "none", paymentId = "none" } = metadata;
      const payment = this.known.get(`payments.payments ${paymentId}`);
      const attemptedAt = payment?.lastAttemptAt?.getTime() ?? Infinity;
      if (
        paid &&
        !refunded &&
        payment?.state === "failed" &&
        this.now() < attemptedAt + this.chargeOutcomeTimeout
      )
        this.violations.push(`I2: charge ${id} was made after its payment ${paymentId} had failed`);
      if (intentId && captured && !refunded) this.checkCaptured(id, orderId, paymentId);
      if (paid && !refunded) unrefunded.set(orderId, (unrefunded.get(orderId) ?? 0) + 1);
    }
    for (const [order, count] of unrefunded)
      if (count > 1)
        this.violations.push(`I2: order ${order} has ${count} unrefunded charges or holds at once`);
  }

  /** Money that is captured belongs to an order that is granted to, or complete by, that payment. */
  private checkCaptured(chargeId: string, orderId: string, paymentId: string): void {
    const order = this.known.get(`orders.orders ${orderId}`);
    const isGranted = order?.status === "awaiting:payment" || order?.status === "complete";
    if (!isGranted || order.paymentId !== paymentId)
      this.violations.push(`I2: charge ${chargeId} is captured, but order ${orderId} is ${order?.status}`);
  }

  private checkIntent(intent: Intent): void {
    const { id, status, metadata } = intent;
    const is = modelStatusOf(intent);
    const before = this.intents.get(id);
    const now: ObservedState = { kind: "intent", id, version: 0, state: is };
    this.observe(changeBetween(before, now));
    this.intents.set(id, now);
    const payment = this.known.get(`payments.payments ${metadata.paymentId}`);
    if (payment?.state === "failed" && !isHarmless(intent))
      this.violations.push(`I2: payment ${metadata.paymentId} has failed, but its intent ${id} is ${status}`);
  }

  private observe(changes: Change[]): void {
    const direct = changes.map((change) => ({ ...change, isDirect: true })); // every write is seen
    for (const change of direct) this.transitions.add(transitionOf(change));
    this.violations.push(...violationsOfModel(direct));
  }

  private compare(what: string, is: Seen): void {
    const was = this.known.get(what);
    this.known.set(what, is);
    const ended = is.status ?? is.state;
    if (is.cancelReason === "expired" && !was?.cancelReason && what.startsWith("orders.orders"))
      if (is.expiresAt && is.expiresAt.getTime() > this.now())
        this.violations.push(`I9: ${what} expired before its time`);
    this.observe(changesOfDocument(what, was, is));
    if (!was) return;
    const before = was.status ?? was.state;
    if (before && final.has(before) && ended !== before)
      this.violations.push(`I6: ${what} left a final state: it was ${before} and is ${ended}`);
    if (was.version !== undefined && is.version !== undefined && is.version < was.version)
      this.violations.push(`I6: ${what} went back from version ${was.version} to ${is.version}`);
  }
}
