/** Whether the stack under test begins PaymentIntent payments, as by default: the setting `PAYMENT_FLOW` of payments. */
export const paysByIntents = process.env.PAYMENT_FLOW !== "charges";

/** The operation, as a fault names it, that charges or authorizes the card in this flow. */
export const decisive = paysByIntents ? "confirm" : "charge";
