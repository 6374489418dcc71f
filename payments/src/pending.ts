import { UnavailableError } from "@eventhive/common";

/** The outcome of the payment is not known yet; a sweep determines it. */
export const pending = () =>
  new UnavailableError("Stripe has not responded yet: try again in a moment", "payment-pending");
