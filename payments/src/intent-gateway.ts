import { clock, failpoint } from "@eventhive/common";
import type StripeApi from "stripe";
import { type GatewayPage, type PageRequest, checked, nextOf, parametersOf } from "./pages";
import { type StripeOptions, type WithDeadline, sendingOnce, stripeClient } from "./stripe-client";
import {
  type StripeFailure,
  isFinal,
  isKeptForKey,
  isNotDone,
  isStripeFailure,
  logFailure,
} from "./stripe-failure";

/** A PaymentIntent: https://docs.stripe.com/payments/paymentintents/lifecycle */
export interface GatewayIntent {
  intentId: string;
  status: StripeApi.PaymentIntent.Status;
  /** Its charge, once a bank has decided. */
  chargeId?: string;
  /** The reason of a decline or of a failed 3-D Secure. */
  declineReason?: string;
  /** Lets the buyer's browser pass 3-D Secure. Never stored. */
  clientSecret?: string;
}

/**
 * The outcome of one request. `rejected` is final for this request: this card, token or capture cannot succeed. Stripe
 * repeats `kept` for the idempotency key, which only creates have. `not-done` is a create or confirm that did nothing, and
 * can be sent again. After `unknown`, the request may have been executed, or may be executed later: repeat it, and check
 * the status.
 */
export type IntentResult =
  | { outcome: "known"; intent: GatewayIntent }
  | { outcome: "rejected"; reason: string }
  | { outcome: "kept" }
  | { outcome: "not-done" }
  | { outcome: "unknown" };

export interface CreateRequest extends WithDeadline {
  paymentId: string;
  orderId: string;
  /** In the currency's minor unit. */
  amount: number;
  currency: string;
  /** How many responses Stripe may keep for earlier keys of this create. */
  keptAnswers: number;
}

export interface ConfirmRequest extends WithDeadline {
  paymentId: string;
  intentId: string;
  /** A token of react-stripe-checkout (`tok_…`), or a confirmation token of the Payment Element (`ctoken_…`). */
  token: string;
  /** Of creates of the payment method. */
  keptAnswers: number;
}

interface IntentRequest extends WithDeadline {
  paymentId: string;
  intentId: string;
}

export interface IntentGateway {
  /** Creates an intent that is not confirmed, so that any number of them holds no money. */
  create(request: CreateRequest): Promise<IntentResult>;
  /** Authorizes the amount. */
  confirm(request: ConfirmRequest): Promise<IntentResult>;
  /** Captures the full amount. */
  capture(request: IntentRequest): Promise<IntentResult>;
  /** Releases the money. A canceled intent can neither be confirmed nor captured any more. */
  cancel(request: IntentRequest): Promise<IntentResult>;
  retrieve(request: IntentRequest): Promise<IntentResult>;
  /** The holds of one page, by one call, of the intents that were created since then. */
  listHolds(request: PageRequest): Promise<GatewayPage<GatewayHold>>;
}

/** An intent whose money is held, but not captured. */
export interface GatewayHold {
  intentId: string;
  paymentId?: string;
  orderId?: string;
  createdAt: Date;
}

type WithoutIntent = Exclude<IntentResult, { outcome: "known" }>;
type Operation = Exclude<keyof IntentGateway, "listHolds"> | "payment method";

/** How many milliseconds are left for the operation. */
type Left = () => number;

/** The operations with an idempotency key, for which Stripe stores its response. */
const creates = new Set<Operation>(["create", "payment method"]);

/** Confirm, capture and cancel have no idempotency key: the intent's status makes a repetition harmless. */
export function stripeIntentGateway(options: StripeOptions): IntentGateway {
  const stripe = stripeClient(options, { httpClient: sendingOnce() });

  async function ask(
    operation: Exclude<keyof IntentGateway, "listHolds">,
    { paymentId, intentId }: { paymentId: string; intentId?: string },
    left: Left,
    send: (options: StripeApi.RequestOptions) => Promise<StripeApi.PaymentIntent>,
  ): Promise<IntentResult> {
    try {
      return resultOf(await send({ timeout: left() }));
    } catch (error) {
      if (!isStripeFailure(error)) throw error;
      const isInAnotherStatus = error.code === "payment_intent_unexpected_state";
      return isInAnotherStatus && intentId
        ? retrieve({ paymentId, intentId }, left)
        : outcomeOf(operation, paymentId, error);
    }
  }

  const retrieve = ({ paymentId, intentId }: IntentRequest, left: Left): Promise<IntentResult> =>
    ask("retrieve", { paymentId }, left, (options) =>
      stripe.paymentIntents.retrieve(intentId, undefined, options),
    );

  /** @returns the parameters to confirm with, or the reason why there are none */
  async function methodFor({ paymentId, token, keptAnswers }: ConfirmRequest, left: Left) {
    if (token.startsWith("ctoken_")) return { confirmation_token: token };
    try {
      const { id } = await stripe.paymentMethods.create(
        { type: "card", card: { token } },
        { ...keyOf("method", paymentId, keptAnswers), timeout: left() },
      );
      return { payment_method: id };
    } catch (error) {
      if (!isStripeFailure(error)) throw error;
      return outcomeOf("payment method", paymentId, error);
    }
  }

  /** All requests of one operation together take no longer than the timeout; after the deadline, none is sent. */
  async function between(
    operation: "create" | "confirm" | "capture" | "cancel" | "retrieve",
    { deadline = Infinity }: WithDeadline,
    work: (left: Left) => Promise<IntentResult>,
  ): Promise<IntentResult> {
    await failpoint(`payments.${operation}.before`);
    const timeoutMs = Math.min(options.timeoutMs, deadline - clock.now());
    if (timeoutMs <= 0)
      return { outcome: operation === "create" || operation === "confirm" ? "not-done" : "unknown" };
    const startedAt = performance.now();
    const result = await work(() => Math.max(1, Math.ceil(startedAt + timeoutMs - performance.now())));
    await failpoint(`payments.${operation}.after`);
    return result;
  }

  return {
    create: ({ paymentId, orderId, amount, currency, keptAnswers, deadline = Infinity }) => {
      const terms = { amount, currency, metadata: { orderId, paymentId } };
      return between("create", { deadline }, (left) =>
        ask("create", { paymentId }, left, (sent) =>
          stripe.paymentIntents.create(
            { ...terms, capture_method: "manual", allowed_payment_method_types: ["card"] },
            { ...sent, ...keyOf("intent", paymentId, keptAnswers) },
          ),
        ),
      );
    },

    confirm: (request) =>
      between("confirm", request, async (left) => {
        const method = await methodFor(request, left);
        if ("outcome" in method) return method;
        // With `use_stripe_sdk`, 3-D Secure is a dialog of the page, without a redirect.
        const parameters = { ...method, use_stripe_sdk: true };
        return ask("confirm", request, left, (sent) =>
          stripe.paymentIntents.confirm(request.intentId, parameters, sent),
        );
      }),

    capture: (request) =>
      between("capture", request, (left) =>
        ask("capture", request, left, (sent) =>
          stripe.paymentIntents.capture(request.intentId, undefined, sent),
        ),
      ),

    cancel: (request) =>
      between("cancel", request, (left) =>
        ask("cancel", request, left, (sent) =>
          stripe.paymentIntents.cancel(request.intentId, undefined, sent),
        ),
      ),

    retrieve: (request) => between("retrieve", request, (left) => retrieve(request, left)),

    async listHolds(request) {
      const page = checked(await stripe.paymentIntents.list(parametersOf(request)));
      const holds = page.data.filter(({ status }) => status === "requires_capture");
      const items = holds.map(({ id: intentId, metadata: { paymentId, orderId }, created }) => ({
        intentId,
        createdAt: new Date(created * 1000),
        ...(paymentId && { paymentId }),
        ...(orderId && { orderId }),
      }));
      return { items, ...nextOf(page) };
    },
  };
}

const keyOf = (kind: string, paymentId: string, keptAnswers: number) => ({
  idempotencyKey: keptAnswers ? `${kind}-${paymentId}-${keptAnswers}` : `${kind}-${paymentId}`,
});

function outcomeOf(operation: Operation, paymentId: string, error: StripeFailure): WithoutIntent {
  if (isRejected(operation, error)) return { outcome: "rejected", reason: error.message };
  logFailure(error, paymentId, `The outcome of a request (${operation}) is unknown`);
  if (creates.has(operation) && isKeptForKey(error)) return { outcome: "kept" };
  return { outcome: authorizes(operation) && isNotDone(error) ? "not-done" : "unknown" };
}

/** Not a retrieve: it also reads the outcome of a request that Stripe rejects because an earlier one was executed. */
const authorizes = (operation: Operation): boolean => creates.has(operation) || operation === "confirm";

function isRejected(operation: Operation, error: StripeFailure): boolean {
  if (operation === "capture") return isFinal(error) || error.type === "StripeInvalidRequestError";
  return operation !== "cancel" && operation !== "retrieve" && isFinal(error);
}

/** The library accepts any JSON without an error as a response, even a proxy's 502. */
function resultOf(intent: StripeApi.PaymentIntent): IntentResult {
  const { id: intentId, object, status, latest_charge: charge, last_payment_error: error } = intent;
  if (object !== "payment_intent") return { outcome: "unknown" };
  const chargeId = typeof charge === "string" ? charge : charge?.id;
  return {
    outcome: "known",
    intent: {
      intentId,
      status,
      ...(chargeId && { chargeId }),
      ...(error && { declineReason: reasonOf(error) }),
      ...(intent.client_secret && { clientSecret: intent.client_secret }),
    },
  };
}

/** Shown to the buyer, because Stripe's message for a failed 3-D Secure is for developers. */
function reasonOf({ code, message }: StripeApi.PaymentIntent.LastPaymentError): string {
  if (code === "payment_intent_authentication_failure") return "Your bank did not confirm this payment.";
  return message ?? "The card was declined";
}
