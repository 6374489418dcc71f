import type { PaymentState } from "./events";

/**
 * The states that paying by PaymentIntents adds. `payment:authorized` publishes `authorized`; the others stay inside
 * payments. None of them may appear on an older subject: readers of its schema would refuse the event.
 */
export const intentPaymentStates = [
  "authorizing",
  "challenged",
  "authorized",
  "capturing",
  "voiding",
] as const;

/** A payment's state in either flow: by PaymentIntents, or by charges. */
export type AnyPaymentState = PaymentState | (typeof intentPaymentStates)[number];
