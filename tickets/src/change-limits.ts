import { TooManyRequestsError, hours, pseudonymOf, rateLimitKey } from "@eventhive/common";
import { config } from "./config";
import { type ChangeLimit, refusedChanges } from "./metrics";
import { countAction } from "./models/action-count";

interface Limit {
  name: ChangeLimit;
  max: number;
  periodMs: number;
  refusal: { code: string; message: string };
}

const ofNetwork = {
  code: "too-many-from-network",
  message: "Too many tickets are listed or edited from your network: try again later",
};

/**
 * Accounts cost nothing, so a limit per seller alone would let one address fill the volumes of the database and the broker.
 * @throws TooManyRequestsError for the rest of the day
 */
export async function countListing(address: string): Promise<void> {
  const perDay = { periodMs: hours(24), refusal: ofNetwork };
  await countFrom(
    address,
    { ...perDay, name: "listings_of_network", max: config.MAX_LISTINGS_PER_NETWORK_PER_DAY },
    { ...perDay, name: "listings_of_site", max: config.MAX_LISTINGS_PER_SITE_PER_DAY },
  );
}

/** @throws TooManyRequestsError for the rest of the hour */
export async function countEdit(userId: string, address: string): Promise<void> {
  const perHour = { periodMs: hours(1), refusal: ofNetwork };
  const refusal = { code: "too-many-edits", message: "You have edited too many tickets" };
  await check({ ...perHour, name: "edits_of_seller", max: config.MAX_EDITS_PER_HOUR, refusal }, userId);
  await countFrom(
    address,
    { ...perHour, name: "edits_of_network", max: config.MAX_EDITS_PER_NETWORK_PER_HOUR },
    { ...perHour, name: "edits_of_site", max: config.MAX_EDITS_PER_SITE_PER_HOUR },
  );
}

/** The owner of an IPv6 /48 has 65,536 networks. An IPv4 address is a site of one. */
async function countFrom(address: string, perNetwork: Limit, perSite: Limit): Promise<void> {
  const [network, site] = [rateLimitKey(address), rateLimitKey(address, 48)];
  await check(perNetwork, pseudonymOf(network));
  if (site !== network) await check(perSite, pseudonymOf(site));
}

async function check({ name, max, periodMs, refusal }: Limit, who: string): Promise<void> {
  const { count, leftMs } = await countAction(name, who, periodMs);
  if (count <= max) return;
  refusedChanges.inc({ limit: name });
  throw new TooManyRequestsError(refusal.message, leftMs / 1000, refusal.code);
}
