import { setTimeout as wait } from "node:timers/promises";
import type { mongo } from "mongoose";
import { database, ledger, processNamed } from "../stack";

/** What may never go back, of every aggregate and every replica. */
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
const places = [
  ["tickets", "tickets"],
  ["tickets", "orders"],
  ["orders", "tickets"],
  ["orders", "orders"],
  ["payments", "orders"],
  ["payments", "payments"],
] as const;

const finals = ["complete", "cancelled", "settled", "failed", "refunded", "sold"];
const stateOf = ({ status, state, sold }: Seen) => status ?? state ?? (sold ? "sold" : "on sale");

/** Services give their stores 2 s to tell the time, so their clocks are wrong by one at most. */
export const clockMarginMs = 1000;

/** Looks at everything, again and again while it changes, for what must be so at every instant. */
export class Watch {
  looks = 0;
  looksInVain = 0;
  maxOverdueMs = 0;
  readonly broken = new Set<string>();
  before = new Map<string, Seen>();

  async run(isOver: () => boolean): Promise<void> {
    for (; !isOver(); await wait(250)) {
      const { pid } = processNamed("mongo");
      const now = await this.look().catch(() => undefined);
      const isWhole = now && processNamed("mongo").pid === pid;
      if (isWhole) this.compare(now);
      else this.looksInVain++;
      // A killed database takes back what could be read, but was promised to nobody yet: nothing fell then.
      this.before = isWhole ? now : new Map();
    }
  }

  private async look(): Promise<Map<string, Seen>> {
    const begun = Date.now();
    const found = await Promise.all(
      places.map(async ([service, collection]) => {
        const cursor = database(service).collection<Seen>(collection).find({}, { projection: fields });
        const documents = await cursor.toArray();
        return documents.map((one) => [`${service}.${collection} ${one._id.toHexString()}`, one] as const);
      }),
    );
    const ended = Date.now();
    const seen = new Map(found.flat());
    for (const [order, { status, cancelReason, expiresAt }] of seen) {
      if (!order.startsWith("orders.orders") || !expiresAt) continue;
      const end = expiresAt.getTime();
      if (status === "created") this.maxOverdueMs = Math.max(this.maxOverdueMs, begun - end);
      if (cancelReason === "expired" && end - clockMarginMs > ended)
        this.broken.add(`I9: ${order} expired before ${expiresAt.toISOString()}`);
    }
    const { charges } = await ledger();
    const standing = charges.filter(({ paid, refunded }) => paid && !refunded);
    for (const order of repeated(standing.map(({ metadata }) => metadata.orderId)))
      this.broken.add(`I2: order ${order} had two charges at once`);
    return seen;
  }

  private compare(seen: Map<string, Seen>): void {
    this.looks++;
    const held: (string | undefined)[] = [];
    for (const [name, before] of this.before) {
      const now = seen.get(name);
      if (!now) this.broken.add(`I6: ${name} has vanished`);
      else if (now.version < before.version)
        this.broken.add(`I6: ${name} fell from version ${before.version} to ${now.version}`);
      else if (finals.includes(stateOf(before)) && stateOf(now) !== stateOf(before))
        this.broken.add(`I6: ${name} was ${stateOf(before)} and became ${stateOf(now)}`);
      // A look takes its time. What was there in two of them was there between them, all at one instant.
      else if (name.startsWith("orders.orders") && now.status !== "cancelled") held.push(now.ticket?.id);
    }
    for (const ticket of repeated(held)) this.broken.add(`I1: ticket ${ticket} had two orders at once`);
  }
}

function repeated<Item>(items: Item[]): Item[] {
  return items.filter((item, place) => items.indexOf(item) < place);
}
