import { setTimeout as wait } from "node:timers/promises";
import { clock } from "@eventhive/common";
import type { mongo } from "mongoose";
import type { Change } from "../../spec/histories";
import { clockMarginMs } from "../invariants-of-ledger";
import { mongoMembers } from "../../infra/local/programs";
import { changesOfDocument } from "../observed-states";
import { database, ledger } from "../stack";
import { followChanges } from "./change-stream";

/** Fields that must not regress, of every aggregate and every replica. */
interface Seen {
  _id: mongo.ObjectId;
  version: number;
  status?: string;
  state?: string;
  sold?: boolean;
  cancelReason?: string;
  expiresAt?: Date;
  ticket?: { id: string };
}

const fields = { version: 1, status: 1, state: 1, sold: 1, cancelReason: 1, expiresAt: 1, "ticket.id": 1 };
const collections = [
  ["tickets", "tickets"],
  ["tickets", "orders"],
  ["orders", "tickets"],
  ["orders", "orders"],
  ["payments", "orders"],
  ["payments", "payments"],
] as const;

/** An order in these states may be paid. With a PaymentIntent, it must be in one of them to be paid. */
const grantedStates = ["awaiting:payment", "complete"];
const finals = ["complete", "cancelled", "settled", "failed", "refunded", "sold"];
const stateOf = ({ status, state, sold }: Seen) => status ?? state ?? (sold ? "sold" : "on sale");

/** Only a replica set has an oplog. */
const hasOplog = mongoMembers(process.env) > 1;

/** Polls all collections for violations of invariants that must hold at every moment. */
export class Monitor {
  polls = 0;
  failedPolls = 0;
  maxOverdueMs = 0;
  readonly violations = new Set<string>();
  /** Of orders and payments, also those that no event shows: all from the oplog, otherwise what two polls in a row show. */
  readonly changes: Change[] = [];
  before = new Map<string, Seen>();
  /** Orders for which money was captured with a PaymentIntent, by the poll before. */
  private captured = new Set<string>();

  async run(isOver: () => boolean): Promise<void> {
    const onChanges = (changes: Change[]) => void this.changes.push(...changes);
    const follow = (service: string) => followChanges(service, service, onChanges, isOver);
    await Promise.all([this.poll(isOver), ...(hasOplog ? ["orders", "payments"].map(follow) : [])]);
  }

  private async poll(isOver: () => boolean): Promise<void> {
    for (let last = ""; !isOver(); await wait(250)) {
      const server = await databaseProcess();
      // A killed database may lose writes that were readable but not acknowledged yet, and another primary may show writes a
      // moment later than the one before. That is no violation.
      if (server !== last) this.before = new Map();
      last = server;
      const now = await this.read().catch(() => undefined);
      const isWhole = now && server !== "" && (await databaseProcess()) === server;
      if (isWhole) this.compare(now);
      else this.failedPolls++;
      this.before = isWhole ? now : new Map();
    }
  }

  private async read(): Promise<Map<string, Seen>> {
    const begun = clock.now();
    const found = await Promise.all(
      collections.map(async ([service, collection]) => {
        const options = { projection: fields, readConcern: "majority" } as const; // nothing that may be rolled back
        const cursor = database(service).collection<Seen>(collection).find({}, options);
        const documents = await cursor.toArray();
        return documents.map((one) => [`${service}.${collection} ${one._id.toHexString()}`, one] as const);
      }),
    );
    const ended = clock.now();
    const seen = new Map(found.flat());
    for (const [order, { status, cancelReason, expiresAt }] of seen) {
      if (!order.startsWith("orders.orders") || !expiresAt) continue;
      const end = expiresAt.getTime();
      if (status === "created") this.maxOverdueMs = Math.max(this.maxOverdueMs, begun - end);
      if (cancelReason === "expired" && end - clockMarginMs > ended)
        this.violations.add(`I9: ${order} expired before ${expiresAt.toISOString()}`);
    }
    for (const orderId of this.captured) {
      const { status = "missing" } = seen.get(`orders.orders ${orderId}`) ?? {};
      if (!grantedStates.includes(status))
        this.violations.add(`I2: order ${orderId} was ${status}, but its money was captured`);
    }
    const { charges } = await ledger();
    const standing = charges.filter(({ paid, refunded }) => paid && !refunded);
    for (const order of repeated(standing.map(({ metadata }) => metadata.orderId)))
      this.violations.add(`I2: order ${order} had two charges or holds at once`);
    const byIntent = standing.filter(({ captured, payment_intent: intent }) => captured && intent);
    this.captured = new Set(byIntent.map(({ metadata }) => metadata.orderId ?? "none"));
    return seen;
  }

  private compare(seen: Map<string, Seen>): void {
    this.polls++;
    for (const [name, now] of hasOplog ? [] : seen)
      this.changes.push(...changesOfDocument(name, this.before.get(name), now));
    const held: (string | undefined)[] = [];
    for (const [name, before] of this.before) {
      const now = seen.get(name);
      if (!now) this.violations.add(`I6: ${name} has disappeared`);
      else if (now.version < before.version)
        this.violations.add(`I6: ${name} went back from version ${before.version} to ${now.version}`);
      else if (finals.includes(stateOf(before)) && stateOf(now) !== stateOf(before))
        this.violations.add(`I6: ${name} was ${stateOf(before)} and became ${stateOf(now)}`);
      // A poll is not atomic. What two consecutive polls have found existed at every moment between them.
      else if (name.startsWith("orders.orders") && now.status !== "cancelled") held.push(now.ticket?.id);
    }
    for (const ticket of repeated(held)) this.violations.add(`I1: ticket ${ticket} had two orders at once`);
  }
}

/** Identifies the process of the server, or of the primary; empty if there is none. */
async function databaseProcess(): Promise<string> {
  const hello = await database("orders")
    .admin()
    .command({ hello: 1 })
    .catch(() => undefined);
  return String(hello?.topologyVersion.processId ?? "");
}

function repeated<Item>(items: Item[]): Item[] {
  return items.filter((item, place) => items.indexOf(item) < place);
}
