import { setTimeout as wait } from "node:timers/promises";
import { clock } from "@eventhive/common";
import { moneyInvariants } from "./invariants-of-money";
import { publishingInvariants } from "./invariants-of-publishing";
import { type Replica, type Invariant, type Snapshot, type SnapshotSources, takeSnapshot } from "./snapshot";

const maxReported = 20;

/** Polls until no invariant is violated. Returns the violations that remain at the deadline. */
export async function lastingViolations(
  world: SnapshotSources,
  { withinSeconds = 30 } = {},
): Promise<string[]> {
  const end = performance.now() + withinSeconds * 1000;
  for (;;) {
    const startedAt = performance.now();
    const snapshot = await takeSnapshot(world);
    const found = [...ticketsExist(snapshot), ...violationsIn(snapshot)];
    if (found.length === 0) return [];
    if (performance.now() > end) {
      const more = found.splice(maxReported).length;
      return more > 0 ? [...found, `… and ${more} more`] : found;
    }
    // Leaves the processor to the system, however much its databases hold.
    await wait(Math.max(200, 3 * (performance.now() - startedAt)));
  }
}

/** The violations in a snapshot of a quiescent system. Each begins with the number of its invariant. */
export const violationsIn = (snapshot: Snapshot): string[] =>
  invariants.flatMap((invariant) => invariant(snapshot));

const ticketsExist: Invariant = ({ tickets }) =>
  tickets.length > 0 ? [] : ["there are no tickets: is this the right database?"];

const outboxesAreEmpty: Invariant = ({ tickets, orders, money }) =>
  [...tickets, ...orders, ...(money?.payments ?? [])]
    .filter(({ outbox }) => outbox.length > 0)
    .map(({ id, version }) => `I3: ${id} at version ${version} has a non-empty outbox`);

const overdueOrdersAreCancelled: Invariant = ({ orders }) =>
  orders
    .filter(({ status, expiresAt }) => isLive(status) && expiresAt.getTime() <= clock.now())
    .map(({ id, expiresAt }) => `I9: order ${id} is still live after ${expiresAt.toISOString()}`);

const isLive = (status: string) => status === "created" || status === "awaiting:payment";

const oneActiveOrderPerTicket: Invariant = ({ orders }) => {
  const count = new Map<string, number>();
  for (const { status, ticket } of orders)
    if (status !== "cancelled") count.set(ticket.id, (count.get(ticket.id) ?? 0) + 1);
  return [...count]
    .filter(([, held]) => held > 1)
    .map(([ticket, held]) => `I1: ticket ${ticket} has ${held} orders that are live or complete`);
};

const replicasEqualSources: Invariant = ({ tickets, orders, replicas }) => [
  ...differences("orders' replica of ticket", replicas.ticketsInOrders, tickets, (ticket) => {
    const { version, title, price, userId, withdrawn } = ticket;
    return { version, title, price, userId, withdrawn };
  }),
  ...differences("tickets' replica of order", replicas.ordersInTickets, orders, (order) => {
    const { version, status, expiresAt, ticket } = order;
    return { version, status, expiresAt, ticketId: ticket.id };
  }),
  ...differences("payments' replica of order", replicas.ordersInPayments, orders, (order) => {
    const { version, status, cancelReason, expiresAt, userId, ticket } = order;
    return { version, status, cancelReason, expiresAt, userId, title: ticket.title, price: ticket.price };
  }),
];

function differences<Source extends { id: string }>(
  what: string,
  replicas: Replica[] | undefined,
  sources: Source[],
  project: (source: Source) => Record<string, unknown>,
): string[] {
  if (!replicas) return [];
  const replicaOf = new Map(replicas.map((replica) => [replica.id, replica]));
  const known = new Set(sources.map(({ id }) => id));
  const orphans = [...replicaOf.keys()].filter((id) => !known.has(id));
  return [
    ...orphans.map((id) => `I5: ${what} ${id} has no source`),
    ...sources.flatMap((source) => {
      const expected = project(source);
      const replica = replicaOf.get(source.id);
      const found =
        replica && Object.fromEntries(Object.keys(expected).map((field) => [field, replica[field]]));
      if (JSON.stringify(found) === JSON.stringify(expected)) return [];
      return [`I5: ${what} ${source.id} is ${JSON.stringify(found)}, its source ${JSON.stringify(expected)}`];
    }),
  ];
}

const reservationsMatchOrders: Invariant = ({ tickets, orders }) => {
  const holding = new Map(
    orders.filter(({ status }) => status !== "cancelled").map((order) => [order.ticket.id, order]),
  );
  return tickets.flatMap(({ id, orderId, sold }) => {
    const order = holding.get(id);
    const own = `${orderId ?? "no order"}, ${sold ? "sold" : "not sold"}`;
    const known = `${order?.id ?? "no order"}, ${order?.status === "complete" ? "sold" : "not sold"}`;
    return own === known ? [] : [`I11: ticket ${id} has ${own}; orders has ${known}`];
  });
};

const bannedAndDeletedUsersHoldNothing: Invariant = ({ tickets, orders, bans }) => {
  if (!bans) return [];
  const ended = new Set(bans.users.filter((user) => user.banned || user.deletedAt).map(({ id }) => id));
  const isOffered = (ticket: Snapshot["tickets"][number]) =>
    !ticket.withdrawn && !ticket.sold && !ticket.orderId;
  return [
    ...orders
      .filter(({ userId, status }) => ended.has(userId) && status === "created")
      .map(({ id }) => `I15: order ${id} of a banned or deleted user is still live`),
    ...tickets
      .filter((ticket) => ended.has(ticket.userId) && isOffered(ticket))
      .map(({ id }) => `I15: ticket ${id} of a banned or deleted user is still on sale`),
  ];
};

const usersAreKnown: Invariant = ({ bans }) => {
  if (!bans) return [];
  const changed = bans.users.filter(({ version }) => version > 0);
  return Object.entries(bans.replicas).flatMap(([service, replicas]) => {
    const versionOf = new Map(replicas.map(({ id, version }) => [id, version]));
    return changed
      .filter(({ id, version }) => versionOf.get(id) !== version)
      .map(({ id, version }) => `I15: ${service} has not received version ${version} of user ${id}`);
  });
};

const invariants: Invariant[] = [
  outboxesAreEmpty,
  overdueOrdersAreCancelled,
  oneActiveOrderPerTicket,
  replicasEqualSources,
  reservationsMatchOrders,
  bannedAndDeletedUsersHoldNothing,
  usersAreKnown,
  ...moneyInvariants,
  ...publishingInvariants,
];
