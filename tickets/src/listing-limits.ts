import { BadRequestError, clock, hours, joined } from "@eventhive/common";
import { type PipelineStage, trusted } from "mongoose";
import { config } from "./config";
import { type ChangeLimit, refusedChanges } from "./metrics";
import { Ticket, drawNumber, onSale } from "./models/ticket";

/**
 * How many tickets are on sale at once is bounded by the seller's places, however many requests are parallel. The count
 * here also covers tickets without a place: those listed by an older version, or restored from the broker's log. The
 * limit of a day is a count only, so parallel requests may exceed it.
 * @throws BadRequestError when the seller has too many tickets on sale, or listed too many in a day
 */
export async function checkListingLimits(userId: string): Promise<void> {
  const { MAX_LISTINGS, MAX_LISTINGS_PER_DAY } = config;
  const { listed, listedToday } = await countListings(userId);
  if (listed >= MAX_LISTINGS) throw tooManyOnSale();
  if (listedToday >= MAX_LISTINGS_PER_DAY)
    throw tooMany(
      "listings_of_seller",
      `You have reached the limit of ${MAX_LISTINGS_PER_DAY} listings in 24 hours. Try again later`,
    );
}

interface ListingCounts {
  listed: number;
  listedToday: number;
}

/**
 * Calls that arrive during a query share the next one. It reads no more of a seller than the limits allow, so its cost
 * does not grow with what a seller has ever listed.
 */
const countListings = joined(async (userIds: string[]): Promise<ListingCounts[]> => {
  const count = (name: keyof ListingCounts, condition: object) =>
    [
      { $match: { userId: { $in: userIds }, ...condition } },
      { $group: { _id: "$userId", [name]: { $sum: 1 } } },
    ] satisfies PipelineStage[];
  const today = { createdAt: { $gt: new Date(clock.now() - hours(24)) } };
  const counts = await Ticket.aggregate<Partial<ListingCounts> & { _id: string }>([
    ...count("listed", onSale),
    { $unionWith: { coll: Ticket.collection.name, pipeline: count("listedToday", today) } },
  ]);
  return userIds.map((userId) =>
    Object.assign({ listed: 0, listedToday: 0 }, ...counts.filter(({ _id }) => _id === userId)),
  );
});

/**
 * A place of the seller that is free now; a concurrent request may take it first.
 * @throws BadRequestError when there is none
 */
export async function findFreePlace(userId: string, ticketId: string): Promise<number> {
  const placed = { userId, ...onSale, place: trusted({ $exists: true }) };
  const tickets = await Ticket.find(placed, { place: 1, _id: 0 }).lean();
  const taken = new Set(tickets.map(({ place }) => place));
  const places = Array.from({ length: config.MAX_LISTINGS }, (_, number) => number);
  const free = places.filter((number) => !taken.has(number));
  const place = free[drawNumber(ticketId, free.length)];
  if (place === undefined) throw tooManyOnSale();
  return place;
}

function tooMany(limit: ChangeLimit, message: string): BadRequestError {
  refusedChanges.inc({ limit });
  return new BadRequestError("too-many-listings", message);
}

const tooManyOnSale = () =>
  tooMany(
    "on_sale",
    `You have reached the limit of ${config.MAX_LISTINGS} tickets on sale. Withdraw one first`,
  );
