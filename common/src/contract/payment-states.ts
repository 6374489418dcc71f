/** The states of payments with charges. PaymentIntent payments share the last of them. */
export const chargePaymentStates = [
  "charging",
  "charged",
  "settled",
  "failed",
  "refunding",
  "refunded",
] as const;

/**
 * The states that paying with PaymentIntents adds. `payment:authorized` publishes `authorized`; the others stay inside
 * payments. None of them may appear on an older subject: readers of its schema would refuse the event.
 * @example
 * intentPaymentStates.includes("authorized"); // => true
 */
export const intentPaymentStates = [
  "authorizing",
  "challenged",
  "authorized",
  "capturing",
  "voiding",
] as const;

/**
 * Of either flow: charges, or PaymentIntents.
 * @example
 * const state = { type: String, enum: allPaymentStates, required: true }; // a field of a Mongoose schema
 * state.enum.includes("charging"); // => true
 */
export const allPaymentStates = [...chargePaymentStates, ...intentPaymentStates] as const;

/**
 * A state of a payment in either flow, published or not.
 * @example
 * const isUndecided = (state: AnyPaymentState) => state === "charging" || state === "capturing";
 * isUndecided("settled"); // => false
 */
export type AnyPaymentState = (typeof allPaymentStates)[number];
