import type { operations } from "./api/types";

type Responses = operations["createPayment"]["responses"];
type Code = Responses[Exclude<keyof Responses, 201 | 202>]["content"]["application/json"]["code"];

/** Every code that the API documents. `false` if the card may have been charged, or may still be. */
const rejections: Record<Code, boolean> = {
  "order-cancelled": true,
  "order-expired": true,
  "order-paid": true,
  "payment-declined": true,
  "payment-in-progress": true,
  "too-many-cards": true,
  "invalid-input": true,
  malformed: true,
  "not-signed-in": true,
  "not-yours": true,
  banned: true,
  "foreign-origin": true,
  "not-found": false, // the order may be too new
  "request-timeout": false,
  changed: false,
  "too-large": true,
  "not-json": true,
  internal: false,
  "payment-pending": false,
  unavailable: false,
  starting: false,
};

/** Whether the payment was rejected, so that sending the same card again is pointless. */
export const isRejection = (code: string): boolean =>
  (rejections as Partial<Record<string, boolean>>)[code] === true;
