import { clock, failpoint } from "@eventhive/common";
import type StripeApi from "stripe";
import { type GatewayPage, type PageRequest, checked, nextOf, parametersOf } from "./pages";
import { type StripeOptions, type WithDeadline, sendingOnce, stripeClient } from "./stripe-client";
import { isFinal, isKeptForKey, isNotDone, isStripeFailure, logFailure } from "./stripe-failure";

export interface ChargeRequest {
  paymentId: string;
  orderId: string;
  /** In the currency's minor unit. */
  amount: number;
  currency: string;
  token: string;
}

/**
 * `declined` is final and moved no money. `not-done` is about this request only: it did nothing, and can be sent again.
 * `unknown` may have charged, or may still: send the same request again while Stripe stores its key (24 hours), later
 * `find` the charge. `failed` may have charged, too, but Stripe repeats this response: `find` the charge.
 */
export type ChargeOutcome =
  | { outcome: "charged"; stripeId: string }
  | { outcome: "declined"; reason: string }
  | { outcome: "not-done" }
  | { outcome: "unknown" }
  | { outcome: "failed" };

export interface GatewayCharge {
  stripeId: string;
  paymentId?: string;
  orderId?: string;
  amount: number;
  currency: string;
  /** Whether it was refunded in full. */
  refunded: boolean;
  /** The amount refunded so far, in the currency's minor unit. */
  amountRefunded: number;
  createdAt: Date;
}

/** A charge that its cardholder disputes. */
export interface GatewayDispute {
  stripeId: string;
  disputedAt: Date;
}

export interface RefundRequest {
  paymentId: string;
  stripeId: string;
  /** How many responses Stripe may keep for earlier idempotency keys of this refund; each needs another key. */
  keptAnswers?: number;
}

export interface PaymentGateway {
  /** Sends the request once. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
  /** Resolves once the charge is refunded, by this call or an earlier one; throws while that is not known. */
  refund(request: RefundRequest): Promise<void>;
  /** The charge of a payment that was created at `since`, if it succeeded. */
  find(request: { paymentId: string; since: Date } & WithDeadline): Promise<GatewayCharge | undefined>;
  /** @returns undefined only when Stripe confirms that it has no such charge; throws while that is unknown */
  retrieve(stripeId: string): Promise<GatewayCharge | undefined>;
  /** One page, by one call, of successful charges, back to `since`. */
  listCharges(request: PageRequest): Promise<GatewayPage<GatewayCharge>>;
  /** One page, by one call, of the charges that were refunded at least in part, by refunds back to `since`. */
  listRefunds(request: PageRequest): Promise<GatewayPage<{ stripeId: string }>>;
  /** One page, by one call, of the disputes that began since then, of charges of any age. */
  listDisputes(request: PageRequest): Promise<GatewayPage<GatewayDispute>>;
}

const clockSlackMs = 5 * 60 * 1000;

export function stripeGateway(options: StripeOptions): PaymentGateway {
  const stripe = stripeClient(options);
  const charging = stripeClient(options, { httpClient: sendingOnce() });

  async function tryToCharge(request: ChargeRequest): Promise<ChargeOutcome> {
    const { paymentId, orderId, amount, currency, token } = request;
    try {
      const charge = await charging.charges.create(
        { amount, currency, source: token, metadata: { orderId, paymentId } },
        // Stripe repeats its first response for the same key, so a retry cannot charge twice.
        { idempotencyKey: `charge-${paymentId}` },
      );
      return charge.status === "succeeded"
        ? { outcome: "charged", stripeId: charge.id }
        : { outcome: "unknown" };
    } catch (error) {
      if (!isStripeFailure(error)) throw error;
      if (isFinal(error)) return { outcome: "declined", reason: error.message };
      if (isNotDone(error)) {
        logFailure(error, paymentId, "A charge was not started");
        return { outcome: "not-done" };
      }
      logFailure(error, paymentId, "The outcome of a charge is unknown");
      return { outcome: isKeptForKey(error) ? "failed" : "unknown" };
    }
  }

  async function listCharges(
    request: PageRequest,
    options: StripeApi.RequestOptions = {},
  ): Promise<GatewayPage<GatewayCharge>> {
    const page = checked(await stripe.charges.list(parametersOf(request), options));
    return { items: page.data.filter(isMoney).map(fromStripe), ...nextOf(page) };
  }

  /** Until the deadline, or as long as each request may last; at least a millisecond, after which the library throws. */
  const leftUntil = (deadline: number) =>
    Math.max(1, Math.min(options.timeoutMs, Math.ceil(deadline - clock.now())));

  async function retrieve(stripeId: string): Promise<GatewayCharge | undefined> {
    try {
      const charge = await stripe.charges.retrieve(stripeId);
      if (charge.object !== "charge") throw new Error(`Stripe's response contains no charge ${stripeId}`);
      return fromStripe(charge);
    } catch (error) {
      if (isStripeFailure(error) && error.code === "resource_missing") return undefined;
      throw error;
    }
  }

  const isRefunded = async (stripeId: string) => (await retrieve(stripeId))?.refunded ?? false;

  return {
    async charge(request) {
      await failpoint("payments.charge.before");
      const outcome = await tryToCharge(request);
      await failpoint("payments.charge.after");
      return outcome;
    },

    async refund({ paymentId, stripeId, keptAnswers = 0 }) {
      await failpoint("payments.refund.before");
      try {
        const refund = await stripe.refunds.create(
          { charge: stripeId },
          { idempotencyKey: keptAnswers ? `refund-${paymentId}-${keptAnswers}` : `refund-${paymentId}` },
        );
        // Checked, because the library accepts any JSON without an error as a response, even a proxy's 502.
        if (refund.status !== "succeeded" && refund.status !== "pending")
          throw new Error(`The refund of ${stripeId} is ${refund.status}`);
      } catch (error) {
        // It may already be refunded, by hand or by a request that failed after the work.
        const isDone = isStripeFailure(error) && isKeptForKey(error) && (await isRefunded(stripeId));
        if (!isDone) throw error;
      }
      await failpoint("payments.refund.after");
    },

    async find({ paymentId, since, deadline = Infinity }) {
      const request: PageRequest = { since: new Date(since.getTime() - clockSlackMs) }; // Stripe's clock is not ours
      do {
        const { items, next } = await listCharges(request, { timeout: leftUntil(deadline) });
        const found = items.find((charge) => charge.paymentId === paymentId);
        if (found) return found;
        request.after = next;
      } while (request.after);
      return undefined;
    },

    retrieve,

    listCharges: (request) => listCharges(request),

    async listRefunds(request) {
      const page = checked(await stripe.refunds.list(parametersOf(request)));
      const charges = page.data.map(({ charge }) => (typeof charge === "string" ? charge : charge?.id));
      return {
        items: [...new Set(charges)].flatMap((id) => (id ? [{ stripeId: id }] : [])),
        ...nextOf(page),
      };
    },

    async listDisputes(request) {
      const page = checked(await stripe.disputes.list(parametersOf(request)));
      const items = page.data.map(({ charge, created }) => ({
        stripeId: typeof charge === "string" ? charge : charge.id,
        disputedAt: new Date(created * 1000),
      }));
      return { items, ...nextOf(page) };
    },
  };
}

/** The hold of an intent is a successful charge, too, but moves no money before it is captured. */
const isMoney = ({ status, captured }: StripeApi.Charge): boolean => status === "succeeded" && captured;

function fromStripe(charge: StripeApi.Charge): GatewayCharge {
  const { id, amount, currency, refunded, amount_refunded, created, metadata } = charge;
  const { paymentId, orderId } = metadata;
  return {
    stripeId: id,
    paymentId,
    orderId,
    amount,
    currency,
    refunded,
    amountRefunded: amount_refunded,
    createdAt: new Date(created * 1000),
  };
}
