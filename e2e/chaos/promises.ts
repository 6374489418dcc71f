import { Client, type Credentials, type Payment, type Ticket, type User } from "../client";
import { eventually } from "../../common/test/eventually";
import type { Snapshot } from "../snapshot";
import type { Answers, Reservation } from "./answers";
import { clockMarginMs } from "./watch";

const windowMs = 5000; // EXPIRATION_SECONDS of run-stack.ts

/** What was promised in a good answer, and is not true when everything has come to rest. */
export async function brokenPromises(answers: Answers, snapshot: Snapshot): Promise<string[]> {
  const withdrawn = new Set(snapshot.tickets.filter((ticket) => ticket.withdrawn).map(({ id }) => id));
  const cancelled = new Set(snapshot.orders.filter(isCancelled).map(({ id }) => id));
  const refused: string[] = [];
  for (const account of answers.accounts) refused.push(...(await refusalOf(account)));
  return [
    ...answers.lockedOut.map((email) => `I13: ${email} had signed up, and was refused`),
    ...refused,
    ...brokenOffers(answers, snapshot),
    ...answers.withdrawn
      .filter((id) => !withdrawn.has(id))
      .map((id) => `I13: ticket ${id} was withdrawn, and is not`),
    ...answers.reservations.flatMap((reservation) => brokenReservation(reservation, snapshot)),
    ...answers.cancelled
      .filter((id) => !cancelled.has(id))
      .map((id) => `I13: order ${id} was cancelled, and is not`),
    ...answers.payments.flatMap((payment) => brokenPayment(payment, snapshot)),
  ];
}

const isCancelled = ({ status }: { status: string }) => status === "cancelled";

async function refusalOf({ id, email, password }: Credentials & User): Promise<string[]> {
  const answer = await eventually(async () => {
    const given = await new Client().signIn({ email, password });
    if (given.status >= 429) throw new Error(`signing in was answered ${given.status}`);
    return given;
  });
  return answer.ok && answer.body.id === id ? [] : [`I13: account ${email} was made, and cannot sign in`];
}

/** Each offer was published as it was answered; what it became since is what its seller asked for. */
function brokenOffers({ offers, unknownEdits }: Answers, { tickets, published = [] }: Snapshot): string[] {
  const said = ({ id, title, price }: { id: string; title: string; price: number }) =>
    `ticket ${id}: ${title} for ${price}`;
  const everSaid = new Set(
    published.map(({ data }) => "title" in data && `${said(data)} at ${data.version}`),
  );
  const newest = new Map<string, Ticket>();
  for (const offer of offers)
    if (offer.version >= (newest.get(offer.id)?.version ?? 0)) newest.set(offer.id, offer);
  const now = new Map(tickets.map((ticket) => [ticket.id, ticket]));
  return [
    ...offers
      .map((offer) => `${said(offer)} at ${offer.version}`)
      .filter((offer) => !everSaid.has(offer))
      .map((offer) => `I13: ${offer}, but that was never published`),
    ...[...newest.values()].flatMap((offer) => {
      const found = now.get(offer.id);
      const allowed = [offer, ...unknownEdits].map(said);
      if (found && found.version >= offer.version && allowed.includes(said(found))) return [];
      return [`I13: ${said(offer)} at ${offer.version}; now it is ${JSON.stringify(found)}`];
    }),
  ];
}

function brokenReservation(
  { order, shown, askedAt, answeredAt }: Reservation,
  { orders }: Snapshot,
): string[] {
  const { id, userId, ticket } = order;
  const found = orders.find((one) => one.id === id);
  if (!found) return [`I13: order ${id} was made, and does not exist`];
  const expiresAt = new Date(order.expiresAt).getTime();
  const isKept =
    found.userId === userId &&
    found.expiresAt.getTime() === expiresAt &&
    JSON.stringify(found.ticket) === JSON.stringify(ticket) &&
    (shown === undefined || found.ticket.price === shown);
  const isInTime =
    expiresAt >= askedAt + windowMs - clockMarginMs && expiresAt <= answeredAt + windowMs + clockMarginMs;
  return [
    ...(isKept ? [] : [`I13: order ${id} was ${JSON.stringify(order)}, and is ${JSON.stringify(found)}`]),
    ...(isInTime
      ? []
      : [`I9: order ${id} got until ${order.expiresAt}, asked for at ${new Date(askedAt).toISOString()}`]),
  ];
}

/** Settled: the ticket is his and the money is kept. Charged: that, or the money went back. */
function brokenPayment(
  { id, orderId, stripeId, state, amount }: Payment,
  { orders, money }: Snapshot,
): string[] {
  const order = orders.find((one) => one.id === orderId);
  const payment = money?.payments.find((one) => one.id === id);
  const charge = money?.charges.find((one) => one.id === stripeId);
  const isPaid = order?.status === "complete" && payment?.state === "settled" && charge?.refunded === false;
  const isReturned =
    order?.status === "cancelled" && payment?.state === "refunded" && charge?.refunded === true;
  const isSame = charge?.paid && charge.amount === amount && payment?.stripeId === stripeId;
  if (isSame && (isPaid || (state === "charged" && isReturned))) return [];
  const now = `order ${order?.status}, payment ${payment?.state}, charge refunded: ${charge?.refunded}`;
  return [`I13: payment ${id} was ${state} by ${stripeId}, and now: ${now}`];
}
