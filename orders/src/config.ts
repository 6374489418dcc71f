import { settings, wholeNumber } from "@eventhive/common";

export const config = settings({
  /** How long a reservation lasts. Nobody else computes when it ends. */
  EXPIRATION_SECONDS: wholeNumber().default(60),
  /** How many live unpaid reservations one buyer may hold. */
  MAX_RESERVATIONS: wholeNumber().default(10),
});
