import { logger } from "@eventhive/common";

/** The library's errors, by their `type`. */
export interface StripeFailure extends Error {
  type: string;
  code?: string;
  param?: string;
  statusCode?: number;
  requestId?: string;
  /** Of a StripeConnectionError: what the connection failed with. */
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

/** What names the card, in the different requests. */
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
 * amount. A token used already cannot be this payment's own work: its first response would have been repeated.
 */
export function isFinal({ type, code, param }: StripeFailure): boolean {
  if (type === "StripeCardError") return true;
  return type === "StripeInvalidRequestError" && (cardParams.has(param) || finalCodes.has(code));
}

/**
 * Stripe refuses these before it begins: too many requests, or a lock that was not free in time (both 429), a key that
 * it does not accept (401, 403), parameters that it does not understand (400, 404). It keeps none of them for the
 * idempotency key: https://docs.stripe.com/error-low-level. Not among them: 409, and a key that was used with other
 * parameters, because both mean that another request may have charged.
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
 * True when this request did nothing, and may do so when it is sent again. Only right for a client that sends each
 * request once: the failure of the repetition leaves the outcome of the first open.
 */
export function isNotDone({ type, detail }: StripeFailure): boolean {
  if (type === "StripeConnectionError") return notConnected.has(codeOf(detail));
  return refusedBeforeWork.has(type);
}

/**
 * True when Stripe may keep this response for the idempotency key and repeat it for 24 hours, whatever was done: a failure
 * of its own, or a rejection by the endpoint. The same request can only succeed under another key.
 */
export const isKeptForKey = ({ type, statusCode = 0 }: StripeFailure): boolean =>
  statusCode >= 500 || type === "StripeInvalidRequestError";

/** Of a connection, such as ECONNRESET. */
export const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;

const transient = new Set(["StripeAPIError", "StripeConnectionError", "StripeRateLimitError"]);

/** True when the same request may succeed later: Stripe is unreachable, failing or too busy. */
export const isTransientFailure = ({ type }: { type: string }): boolean => transient.has(type);

export function logFailure(failure: StripeFailure, paymentId: string, what: string): void {
  const { type, code, statusCode, requestId, message } = failure;
  const level = isTransientFailure({ type }) ? "warn" : "error"; // the others are faults of ours: the key, or what we sent
  logger[level]({ paymentId, type, code, statusCode, requestId, message }, what);
}
