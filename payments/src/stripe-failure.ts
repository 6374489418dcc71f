import { logger } from "@eventhive/common";

/** The library's errors, by their `type`. */
export interface StripeFailure extends Error {
  type: string;
  code?: string;
  param?: string;
  statusCode?: number;
  requestId?: string;
  /** The cause of a StripeConnectionError. */
  detail?: unknown;
}

export function isStripeFailure(error: unknown): error is StripeFailure {
  return (
    error instanceof Error &&
    "type" in error &&
    typeof error.type === "string" &&
    error.type.startsWith("Stripe")
  );
}

/** The parameters that identify the card, in the different requests. */
const cardParams = new Set<string | undefined>([
  "source",
  "card[token]",
  "payment_method",
  "confirmation_token",
]);

const finalCodes = new Set<string | undefined>([
  "token_already_used",
  "amount_too_small",
  "amount_too_large",
]);

/**
 * True when the same request can never charge, and did not: the card was declined, or Stripe rejects the token or
 * amount. A token that was already used was not used by this payment, whose first response would have been repeated.
 */
export function isFinal({ type, code, param }: StripeFailure): boolean {
  if (type === "StripeCardError") return true;
  return type === "StripeInvalidRequestError" && (cardParams.has(param) || finalCodes.has(code));
}

/**
 * Stripe rejects these before any work: too many requests, or a lock timeout (both 429), an invalid API key (401, 403),
 * invalid parameters (400, 404). It stores none of them for the idempotency key:
 * https://docs.stripe.com/error-low-level. Not among them: 409, and a key that was used with other parameters, because
 * both mean that another request may have charged.
 */
const refusedBeforeWork = new Set([
  "StripeRateLimitError",
  "StripeAuthenticationError",
  "StripePermissionError",
  "StripeInvalidRequestError",
]);

/** There was no connection on which the request could have been sent. */
const notConnected = new Set<unknown>([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/**
 * True when this request did nothing, and may succeed when it is sent again. Valid only for a client that sends each
 * request once: after a failed retry, the outcome of the first request is unknown.
 */
export function isNotDone({ type, detail }: StripeFailure): boolean {
  if (type === "StripeConnectionError") return notConnected.has(codeOf(detail));
  return refusedBeforeWork.has(type);
}

/**
 * True when Stripe may store this response for the idempotency key and repeat it for 24 hours, whether or not the work was
 * done: its own failure, or a rejection by the endpoint. The same request can only succeed under another key.
 */
export const isKeptForKey = ({ type, statusCode = 0 }: StripeFailure): boolean =>
  statusCode >= 500 || type === "StripeInvalidRequestError";

/** The error code of a connection, such as ECONNRESET. */
export const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;

const transient = new Set(["StripeAPIError", "StripeConnectionError", "StripeRateLimitError"]);

/** True when the same request may succeed later: Stripe is unreachable, failing or too busy. */
export const isTransientFailure = ({ type }: { type: string }): boolean => transient.has(type);

export function logFailure(failure: StripeFailure, paymentId: string, what: string): void {
  const { type, code, statusCode, requestId, message } = failure;
  const level = isTransientFailure({ type }) ? "warn" : "error"; // the others are our errors: the key, or the request
  logger[level]({ paymentId, type, code, statusCode, requestId, message }, what);
}
