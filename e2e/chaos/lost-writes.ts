import { Client, type Credentials, type Payment, type Ticket, type User } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { reservationSeconds } from "../reservation-seconds";
import type { Snapshot } from "../snapshot";
import type { ResponseLog, Reservation } from "./response-log";
import { clockMarginMs } from "../invariants-of-ledger";

/**
 * Acknowledged writes that are missing from the final state.
 * @param expirationSeconds of the reservations: by default as the stack is started
 */
export async function lostWrites(
  log: ResponseLog,
  snapshot: Snapshot,
  { expirationSeconds = reservationSeconds.short } = {},
): Promise<string[]> {
  const withdrawn = new Set(snapshot.tickets.filter((ticket) => ticket.withdrawn).map(({ id }) => id));
  const cancelled = new Set(snapshot.orders.filter(isCancelled).map(({ id }) => id));
  const lostAccounts: string[] = [];
  for (const account of log.accounts) lostAccounts.push(...(await lostAccount(account)));
  return [
    ...log.lockedOut.map((email) => `I13: ${email} had signed up, but could not sign in`),
    ...lostAccounts,
    ...lostOffers(log, snapshot),
    ...log.withdrawn
      .filter((id) => !withdrawn.has(id))
      .map((id) => `I13: ticket ${id} was withdrawn, but is not withdrawn now`),
    ...log.reservations.flatMap((reservation) =>
      lostReservation(reservation, snapshot, expirationSeconds * 1000),
    ),
    ...log.cancelled
      .filter((id) => !cancelled.has(id))
      .map((id) => `I13: order ${id} was cancelled, but is not cancelled now`),
    ...log.payments.flatMap((payment) => lostPayment(payment, snapshot)),
  ];
}

const isCancelled = ({ status }: { status: string }) => status === "cancelled";

async function lostAccount({ id, email, password }: Credentials & User): Promise<string[]> {
  const response = await eventually(async () => {
    const received = await new Client().signIn({ email, password });
    if (received.status >= 429) throw new Error(`sign-in responded with ${received.status}`);
    return received;
  });
  return response.ok && response.body.id === id
    ? []
    : [`I13: account ${email} was created, but cannot sign in`];
}

/** Each acknowledged state of a ticket was published, and its present state is one that its seller requested. */
function lostOffers({ offers, unknownEdits }: ResponseLog, { tickets, published = [] }: Snapshot): string[] {
  const describeTicket = ({ id, title, price }: { id: string; title: string; price: number }) =>
    `ticket ${id}: ${title} for ${price}`;
  const publishedStates = new Set(
    published.map(({ data }) => "title" in data && `${describeTicket(data)} at ${data.version}`),
  );
  const newest = new Map<string, Ticket>();
  for (const offer of offers)
    if (offer.version >= (newest.get(offer.id)?.version ?? 0)) newest.set(offer.id, offer);
  const now = new Map(tickets.map((ticket) => [ticket.id, ticket]));
  return [
    ...offers
      .map((offer) => `${describeTicket(offer)} at ${offer.version}`)
      .filter((offer) => !publishedStates.has(offer))
      .map((offer) => `I13: ${offer}, but this was never published`),
    ...[...newest.values()].flatMap((offer) => {
      const found = now.get(offer.id);
      const allowed = [offer, ...unknownEdits].map(describeTicket);
      if (found && found.version >= offer.version && allowed.includes(describeTicket(found))) return [];
      return [`I13: ${describeTicket(offer)} at ${offer.version}; now it is ${JSON.stringify(found)}`];
    }),
  ];
}

function lostReservation(
  { order, shown, requestedAt, respondedAt }: Reservation,
  { orders }: Snapshot,
  expirationMs: number,
): string[] {
  const { id, userId, ticket } = order;
  const found = orders.find((one) => one.id === id);
  if (!found) return [`I13: order ${id} was created, but does not exist`];
  const expiresAt = new Date(order.expiresAt).getTime();
  const isUnchanged =
    found.userId === userId &&
    found.expiresAt.getTime() === expiresAt &&
    JSON.stringify(found.ticket) === JSON.stringify(ticket) &&
    (shown === undefined || found.ticket.price === shown);
  // A repeated request, whose first response was lost or whose ticket was still listed, returns the order that exists.
  const createdAt = Math.min(requestedAt, new Date(order.createdAt).getTime());
  const expiresInTime =
    expiresAt >= createdAt + expirationMs - clockMarginMs &&
    expiresAt <= respondedAt + expirationMs + clockMarginMs;
  return [
    ...(isUnchanged
      ? []
      : [`I13: order ${id} was ${JSON.stringify(order)}, but is ${JSON.stringify(found)}`]),
    ...(expiresInTime
      ? []
      : [
          `I9: order ${id} expires at ${order.expiresAt}, but was requested at ${new Date(requestedAt).toISOString()}`,
        ]),
  ];
}

/**
 * A payment acknowledged as settled, or with a PaymentIntent as charged, stays settled. A charge may be refunded. A payment that was
 * undecided is settled, or has failed and taken nothing.
 */
function lostPayment(
  { id, orderId, intentId, stripeId, state, amount }: Payment,
  { orders, money }: Snapshot,
): string[] {
  const order = orders.find((one) => one.id === orderId);
  const payment = money?.payments.find((one) => one.id === id);
  const taken =
    money?.charges.filter(({ metadata, captured }) => captured && metadata.paymentId === id) ?? [];
  const [charge, ...others] = taken;
  const isDecided = state === "charged" || state === "settled";
  const isSameCharge =
    charge?.paid &&
    charge.amount === amount &&
    charge.id === payment?.stripeId &&
    (!isDecided || charge.id === stripeId) &&
    others.length === 0;
  const isPaid = order?.status === "complete" && payment?.state === "settled" && charge?.refunded === false;
  const isRefunded =
    order?.status === "cancelled" && payment?.state === "refunded" && charge?.refunded === true;
  if (isSameCharge && (isPaid || (state === "charged" && !intentId && isRefunded))) return [];
  if (!isDecided && payment?.state === "failed" && taken.length === 0) return [];
  const now = `order ${order?.status}, payment ${payment?.state}, charge refunded: ${charge?.refunded}`;
  return [`I13: payment ${id} was ${state} by ${stripeId ?? intentId}, and now: ${now}`];
}
