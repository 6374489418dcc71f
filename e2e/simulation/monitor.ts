import { z } from "zod";
import type { Charge } from "../../infra/stripe-sandbox/ledger";
import { databaseOf } from "./services";

const seen = z.object({
  version: z.int().optional(),
  status: z.string().optional(),
  state: z.string().optional(),
  cancelReason: z.string().optional(),
  expiresAt: z.date().optional(),
  lastAttemptAt: z.date().optional(),
  ticket: z.object({ id: z.string() }).optional(),
});
type Seen = z.infer<typeof seen>;

const final = new Set(["complete", "cancelled", "settled", "failed", "refunded"]);

/** Checks the invariants that must hold at every moment: after each write and each call of the gateway. */
export class Monitor {
  readonly violations: string[] = [];
  private readonly known = new Map<string, Seen>();

  constructor(
    private readonly now: () => number,
    private readonly chargeOutcomeTimeout: number,
  ) {}

  async checkWrite(namespace: string): Promise<void> {
    const [service = "", collection = ""] = namespace.split(".");
    if (service === "auth" || collection === "deadletters") return;
    const documents = await databaseOf(service).collection(collection).find().toArray();
    const held = new Map<string, number>();
    for (const { _id, ...rest } of documents) {
      const is = seen.parse(rest);
      this.compare(`${namespace} ${String(_id)}`, is);
      if (namespace === "orders.orders" && is.ticket && is.status !== "cancelled")
        held.set(is.ticket.id, (held.get(is.ticket.id) ?? 0) + 1);
    }
    for (const [ticket, orders] of held)
      if (orders > 1) this.violations.push(`I1: ticket ${ticket} has ${orders} live orders at once`);
  }

  checkCharges(charges: Iterable<Charge>): void {
    const unrefunded = new Map<string, number>();
    for (const { id, paid, refunded, metadata } of charges) {
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
      if (paid && !refunded) unrefunded.set(orderId, (unrefunded.get(orderId) ?? 0) + 1);
    }
    for (const [order, count] of unrefunded)
      if (count > 1) this.violations.push(`I2: order ${order} has ${count} unrefunded charges at once`);
  }

  private compare(what: string, is: Seen): void {
    const was = this.known.get(what);
    this.known.set(what, is);
    const ended = is.status ?? is.state;
    if (is.cancelReason === "expired" && !was?.cancelReason && what.startsWith("orders.orders"))
      if (is.expiresAt && is.expiresAt.getTime() > this.now())
        this.violations.push(`I9: ${what} expired before its time`);
    if (!was) return;
    const before = was.status ?? was.state;
    if (before && final.has(before) && ended !== before)
      this.violations.push(`I6: ${what} left a final state: it was ${before} and is ${ended}`);
    if (was.version !== undefined && is.version !== undefined && is.version < was.version)
      this.violations.push(`I6: ${what} went back from version ${was.version} to ${is.version}`);
  }
}
