import { actionLimits, hours } from "@eventhive/common";
import { config } from "./config";
import { database } from "./database";
import { type CardLimit, refusedCards } from "./metrics";

const limits = actionLimits<CardLimit>(database, (limit) => refusedCards.inc({ limit }));

const perHour = {
  periodMs: hours(1),
  refusal: {
    code: "too-many-cards",
    message: "Too many cards have been tried. You have not been charged.",
  },
};

/**
 * Counts a payment that follows another one of its order: without limits, stolen cards could be tried here, and Stripe,
 * which limits our requests, would refuse those of all buyers. The first payment of an order is not counted: orders limits
 * how many reservations end without payment.
 * @throws TooManyRequestsError for the rest of the hour
 */
export async function countOtherCard(userId: string, address: string): Promise<void> {
  await limits.count({ ...perHour, name: "cards_of_user", max: config.MAX_OTHER_CARDS_PER_HOUR }, userId);
  await limits.countFrom(
    address,
    { ...perHour, name: "cards_of_network", max: config.MAX_OTHER_CARDS_PER_NETWORK_PER_HOUR },
    { ...perHour, name: "cards_of_site", max: config.MAX_OTHER_CARDS_PER_SITE_PER_HOUR },
  );
}
