import { actionLimits, hours } from "@eventhive/common";
import { config } from "./config";
import { database } from "./database";
import { type ChangeLimit, refusedChanges } from "./metrics";

const limits = actionLimits<ChangeLimit>(database, (limit) => refusedChanges.inc({ limit }));

const ofNetwork = {
  code: "too-many-from-network",
  message: "Too many listings and edits from your network",
};

/**
 * Accounts cost nothing, so a limit per seller alone would let one address fill the volumes of the database and the broker.
 * @throws TooManyRequestsError for the rest of the day
 */
export async function countListing(address: string): Promise<void> {
  const perDay = { periodMs: hours(24), refusal: ofNetwork };
  await limits.countFrom(
    address,
    { ...perDay, name: "listings_of_network", max: config.MAX_LISTINGS_PER_NETWORK_PER_DAY },
    { ...perDay, name: "listings_of_site", max: config.MAX_LISTINGS_PER_SITE_PER_DAY },
  );
}

/** @throws TooManyRequestsError for the rest of the hour */
export async function countEdit(userId: string, address: string): Promise<void> {
  const perHour = { periodMs: hours(1), refusal: ofNetwork };
  const refusal = { code: "too-many-edits", message: "You have edited too many tickets" };
  await limits.count(
    { ...perHour, name: "edits_of_seller", max: config.MAX_EDITS_PER_HOUR, refusal },
    userId,
  );
  await limits.countFrom(
    address,
    { ...perHour, name: "edits_of_network", max: config.MAX_EDITS_PER_NETWORK_PER_HOUR },
    { ...perHour, name: "edits_of_site", max: config.MAX_EDITS_PER_SITE_PER_HOUR },
  );
}
