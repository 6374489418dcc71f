/** Whether the stack under test begins PaymentIntent payments, as by default: the setting `PAYMENT_FLOW` of payments. */
export const paysByIntents = process.env.PAYMENT_FLOW !== "charges";

/** What asks the card for its money in this flow: the operation of a fault. */
export const decisive = paysByIntents ? "confirm" : "charge";
