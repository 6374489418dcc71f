import type { Intent } from "./ledger";

export interface ErrorBody {
  type: "api_error" | "card_error" | "idempotency_error" | "invalid_request_error";
  code?: string;
  decline_code?: string;
  message: string;
  param?: string;
  charge?: string;
  payment_intent?: Intent;
}

/** A Stripe error thrown before execution. Like at Stripe, it is not stored under the idempotency key. */
export class StripeError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    super(body.message);
  }
}

export function invalidRequest(
  message: string,
  details: { code?: string; param?: string } = {},
  status = 400,
) {
  return new StripeError(status, { type: "invalid_request_error", message, ...details });
}

export function missing(what: string, id: string, param: string, status: number) {
  return invalidRequest(`No such ${what}: '${id}'`, { code: "resource_missing", param }, status);
}
