import { BadRequestError, TooManyRequestsError, backoffMs, clock, hours, seconds } from "@eventhive/common";
import { trusted } from "mongoose";
import { config } from "./config";
import { type ReservationLimit, refusedReservations } from "./metrics";
import { type Buyer, Order, type PlaceField, drawNumber, liveOrdersOf } from "./models/order";

const initialPauseMs = seconds(30);
const maxDoublings = 16;

/** An order that counts against the limits of its buyer. */
export type CountedOrder = Pick<Order, "userId" | "status" | "reserves">;

/** The order that holds a ticket, and those that count against a buyer. */
export const decisiveOrders = (userId: string, ticketId: string) => ({
  $or: [{ reserves: ticketId }, liveOrdersOf(userId), { userId, ...endedUnpaid() }],
});

/** What decides whether a buyer can have a ticket, in one query. */
export async function findOrdersFor(userId: string, ticketId: string) {
  const { MAX_RESERVATIONS, MAX_UNPAID_PER_HOUR } = config;
  const found: CountedOrder[] = await Order.find(decisiveOrders(userId, ticketId))
    .select({ userId: 1, status: 1, reserves: 1, _id: 0 })
    .limit(1 + MAX_RESERVATIONS + MAX_UNPAID_PER_HOUR + maxDoublings)
    .lean();
  const isHolder = ({ reserves }: CountedOrder) => reserves === ticketId;
  return { holder: found.find(isHolder), others: found.filter((order) => !isHolder(order)) };
}

/**
 * Best effort, not an invariant: parallel requests may exceed it. What a network or site holds at once is bounded by
 * its places, even with parallel requests.
 * @param others of the buyer, as `findOrdersFor` finds them
 * @throws BadRequestError when the buyer holds too much; TooManyRequestsError when too much of it ended unpaid
 */
export async function checkReservationLimits(buyer: Buyer, others: CountedOrder[]): Promise<void> {
  const { MAX_RESERVATIONS, MAX_UNPAID_PER_HOUR } = config;
  const { MAX_UNPAID_PER_NETWORK_PER_HOUR, MAX_UNPAID_PER_SITE_PER_HOUR } = config;
  const { userId, network, site } = buyer;
  const unpaid = others.filter(({ status }) => status === "cancelled").length;
  if (others.length - unpaid >= MAX_RESERVATIONS) {
    refusedReservations.inc({ limit: "buyer" });
    throw new BadRequestError("too-many-reservations", "Pay for or cancel one of your reservations first");
  }
  await checkUnpaid({ userId }, unpaid - MAX_UNPAID_PER_HOUR, "unpaid_buyer");
  await countUnpaid({ network }, MAX_UNPAID_PER_NETWORK_PER_HOUR, "unpaid_network");
  if (site) await countUnpaid({ site }, MAX_UNPAID_PER_SITE_PER_HOUR, "unpaid_site");
}

async function countUnpaid(
  ofWhom: { network: string } | { site: string },
  max: number,
  limit: ReservationLimit,
): Promise<void> {
  const count = await Order.countDocuments({ ...ofWhom, ...endedUnpaid() }, { limit: max + maxDoublings });
  await checkUnpaid(ofWhom, count - max, limit);
}

/** @param excess how many more of their reservations have ended unpaid than may within an hour */
async function checkUnpaid(
  ofWhom: { userId: string } | { network: string } | { site: string },
  excess: number,
  limit: ReservationLimit,
): Promise<void> {
  if (excess <= 0) return;
  const last = await latestOf({ ...ofWhom, ...endedUnpaid() }).lean(); // lists are truncated, in any order
  checkPause(excess, last?.expiresAt.getTime() ?? 0, limit);
}

export const latestOf = (orders: object) =>
  Order.findOne(orders, { expiresAt: 1, _id: 0 }).sort({ expiresAt: -1 });

/**
 * Beyond the number of reservations that may end unpaid within an hour, each further one doubles the wait. Cancelled ones
 * count like expired ones: by cancelling in time, a buyer could keep a ticket from others, too.
 * @param latest the `expiresAt` of the last one
 */
function checkPause(excess: number, latest: number, limit: ReservationLimit): void {
  const pauses = { firstMs: initialPauseMs, maxMs: seconds(config.MAX_UNPAID_PAUSE_SECONDS) };
  const pauseMs = backoffMs(excess, pauses);
  const restMs = latest + pauseMs - clock.now();
  if (restMs <= 0) return;
  refusedReservations.inc({ limit });
  throw new TooManyRequestsError(
    "Too many of your reservations ended without payment",
    restMs / 1000,
    "too-many-unpaid",
  );
}

/** The orders that ended unpaid within the last hour. */
export const endedUnpaid = () => ({
  status: "cancelled" as const,
  expiresAt: trusted({ $gt: new Date(clock.now() - hours(1)) }),
});

/**
 * A place of a network or site that is free now; a concurrent request may take it first.
 * @throws TooManyRequestsError when there is none
 */
export async function findFreePlace(field: PlaceField, owner: string, orderId: string): Promise<number> {
  const { MAX_RESERVATIONS_PER_NETWORK, MAX_RESERVATIONS_PER_SITE } = config;
  const length = field === "place" ? MAX_RESERVATIONS_PER_NETWORK : MAX_RESERVATIONS_PER_SITE;
  // "0" is the character after "/".
  const ofOwner = { [field]: trusted({ $gte: `${owner}/`, $lt: `${owner}0` }) };
  const orders = await Order.find(ofOwner, { [field]: 1, _id: 0 }).lean();
  const taken = new Set(orders.map((order) => order[field]));
  const places = Array.from({ length }, (_, number) => number);
  const free = places.filter((number) => !taken.has(`${owner}/${number}`));
  const place = free[drawNumber(orderId, free.length)];
  if (place !== undefined) return place;
  refusedReservations.inc({ limit: field === "place" ? "network" : "site" });
  throw new TooManyRequestsError(
    "Too many tickets are reserved from your network at the moment",
    config.EXPIRATION_SECONDS,
    "too-many-from-network",
  );
}
