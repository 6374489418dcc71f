import { BadRequestError, TooManyRequestsError, clock, hours, seconds } from "@eventhive/common";
import { trusted } from "mongoose";
import { config } from "./config";
import { type ReservationLimit, refusedReservations } from "./metrics";
import { type Buyer, Order, drawNumber, liveOrdersOf } from "./models/order";

const initialPauseMs = seconds(30);
const maxDoublings = 16;

/**
 * A courtesy to other buyers, not an invariant: parallel requests may pass it together. What a network holds at once is
 * bounded by its places, however many ask in parallel.
 * @param ticketId an order of this ticket does not count: it would be the answer to the same request
 * @throws BadRequestError when the buyer holds too much; TooManyRequestsError when too much of it ended unpaid
 */
export async function checkReservationLimits({ userId, network }: Buyer, ticketId: string): Promise<void> {
  const held = { ...liveOrdersOf(userId), reserves: trusted({ $ne: ticketId }) };
  if ((await Order.countDocuments(held)) >= config.MAX_RESERVATIONS) {
    refusedReservations.inc({ limit: "buyer" });
    throw new BadRequestError("too-many-reservations", "Pay or cancel one of your reservations first");
  }
  await checkUnpaid({ userId }, config.MAX_UNPAID_PER_HOUR, "unpaid_buyer");
  await checkUnpaid({ network }, config.MAX_UNPAID_PER_NETWORK_PER_HOUR, "unpaid_network");
}

/**
 * After `free` reservations that ended unpaid within an hour, each further one makes the next wait twice as long. Those
 * that their buyer cancelled count like those that expired: a ticket can be kept from others by cancelling in time.
 */
async function checkUnpaid(
  whose: { userId: string } | { network: string },
  free: number,
  limit: ReservationLimit,
): Promise<void> {
  const unpaid = { ...whose, ...endedUnpaid() };
  const count = await Order.countDocuments(unpaid, { limit: free + maxDoublings });
  if (count <= free) return;
  const latest = await Order.findOne(unpaid, { expiresAt: 1, _id: 0 }).sort({ expiresAt: -1 }).lean();
  const pauseMs = Math.min(
    seconds(config.MAX_UNPAID_PAUSE_SECONDS),
    initialPauseMs * 2 ** (count - free - 1),
  );
  const restMs = Number(latest?.expiresAt ?? 0) + pauseMs - clock.now();
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
 * A place of the network that is free now; another request may be faster.
 * @throws TooManyRequestsError when there is none
 */
export async function findFreePlace(network: string, orderId: string): Promise<number> {
  // "0" is the character after "/".
  const ofNetwork = { place: trusted({ $gte: `${network}/`, $lt: `${network}0` }) };
  const orders = await Order.find(ofNetwork, { place: 1, _id: 0 }).lean();
  const taken = new Set(orders.map(({ place }) => place));
  const places = Array.from({ length: config.MAX_RESERVATIONS_PER_NETWORK }, (_, number) => number);
  const free = places.filter((number) => !taken.has(`${network}/${number}`));
  const place = free[drawNumber(orderId, free.length)];
  if (place !== undefined) return place;
  refusedReservations.inc({ limit: "network" });
  throw new TooManyRequestsError(
    "Too many tickets are reserved from your network at the moment",
    config.EXPIRATION_SECONDS,
    "too-many-from-network",
  );
}
