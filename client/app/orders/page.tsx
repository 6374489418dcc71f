import type { Metadata } from "next";
import Link from "next/link";
import { Unavailable } from "@/components/unavailable";
import { Badge } from "@/components/badge";
import { DateTime } from "@/components/date-time";
import { List, ListItem } from "@/components/list";
import { Polling } from "@/components/live";
import { Money } from "@/components/money";
import { Pager } from "@/components/pager";
import { orderLabels } from "@/lib/labels";
import { stateOf } from "@/lib/order-state";
import { one } from "@/lib/query";
import { mustBeSignedIn, read } from "@/lib/server";
import type { Order, Payment } from "@/lib/types";

export const metadata: Metadata = { title: "My orders", robots: { index: false } };

export default async function OrdersPage({ searchParams }: PageProps<"/orders">) {
  const { cursor } = one(await searchParams);
  await mustBeSignedIn("/orders");
  const response = await read<Order[]>("/api/orders", { query: { cursor, limit: 24 }, path: "/orders" });
  const orders = response?.body ?? [];
  const payments = await readPayments(orders);
  const listed = orders.map((order) => {
    const own = payments?.filter(({ orderId }) => orderId === order.id) ?? [];
    return { order, state: stateOf(order, own, response?.serverTime ?? 0) };
  });
  return (
    <div className="stack">
      <h1>My orders</h1>
      {!response && <Unavailable what="Your orders" />}
      {orders.length > 0 && !payments && <Unavailable what="Your payments" />}
      {response && orders.length === 0 && (
        <div className="panel">
          <h2>No orders yet</h2>
          <p>
            <Link className="button primary" href="/">
              Find a ticket
            </Link>
          </p>
        </div>
      )}
      {listed.some(({ state }) => state === "confirming") && <Polling firstMs={2_000} />}
      <List label="My orders">
        {listed.map(({ order, state }) => {
          const isUnknown = order.status === "cancelled" && !payments; // refunded, or never charged: only payments knows
          return (
            <ListItem
              key={order.id}
              title={<a href={`/orders/${order.id}`}>{order.ticket.title}</a>}
              facts={
                <>
                  <Money amount={order.ticket.price} /> · <DateTime iso={order.createdAt} />
                </>
              }
              badge={isUnknown ? null : <Badge {...orderLabels[state]} />}
            >
              {state === "awaiting-payment" && (
                <a className="button small primary" href={`/orders/${order.id}`}>
                  Pay<span className="visually-hidden"> for {order.ticket.title}</span>
                </a>
              )}
              {state === "paid" && (
                <Link className="button small" href={`/orders/${order.id}/receipt`}>
                  Receipt<span className="visually-hidden"> for {order.ticket.title}</span>
                </Link>
              )}
            </ListItem>
          );
        })}
      </List>
      <Pager path="/orders" query={{ cursor }} nextPage={response?.nextPage} />
    </div>
  );
}

async function readPayments(orders: Order[]): Promise<Payment[] | undefined> {
  if (orders.length === 0) return [];
  const orderId = orders.map(({ id }) => id).join();
  return (await read<Payment[]>("/api/payments", { query: { orderId, limit: 100 }, path: "/orders" }))?.body;
}
