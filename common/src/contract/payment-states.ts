/** Of payments by charges. Payments by PaymentIntents end with them, too. */
export const chargePaymentStates = [
  "charging",
  "charged",
  "settled",
  "failed",
  "refunding",
  "refunded",
] as const;

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

/** Of either flow: by charges, or by PaymentIntents. */
export const allPaymentStates = [...chargePaymentStates, ...intentPaymentStates] as const;
export type AnyPaymentState = (typeof allPaymentStates)[number];
