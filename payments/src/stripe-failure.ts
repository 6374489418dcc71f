import { logger } from "@eventhive/common";

/** What the library throws, told by its `type`. */
interface StripeFailure extends Error {
  type: string;
  code?: string;
  param?: string;
  statusCode?: number;
  requestId?: string;
}

export function isStripeFailure(error: unknown): error is StripeFailure {
  return (
    error instanceof Error &&
    "type" in error &&
    typeof error.type === "string" &&
    error.type.startsWith("Stripe")
  );
}

const finalCodes = new Set<string | undefined>([
  "token_already_used",
  "amount_too_small",
  "amount_too_large",
]);

/**
 * True when the same request can never charge, and did not: the card said no, or Stripe refuses the token or amount.
 * A token used already cannot be this payment's own work: its first answer would have been repeated.
 */
export function isFinal({ type, code, param }: StripeFailure): boolean {
  if (type === "StripeCardError") return true;
  return type === "StripeInvalidRequestError" && (param === "source" || finalCodes.has(code));
}

const passing = new Set(["StripeAPIError", "StripeConnectionError", "StripeRateLimitError"]);

export function logUnknown(
  { type, code, statusCode, requestId, message }: StripeFailure,
  paymentId: string,
): void {
  const level = passing.has(type) ? "warn" : "error"; // the others are faults of ours: the key, or what we sent
  logger[level](
    { paymentId, type, code, statusCode, requestId, message },
    "The outcome of a charge is not known",
  );
}
