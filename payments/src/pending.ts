import { UnavailableError } from "@eventhive/common";

/** The card's outcome is not known yet; a sweep finds it out. */
export const pending = () =>
  new UnavailableError("The card has not responded yet: try again in a moment", "payment-pending");
