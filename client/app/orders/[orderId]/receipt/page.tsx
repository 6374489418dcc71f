import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { Unavailable } from "@/components/unavailable";
import { DateTime } from "@/components/date-time";
import { Mark } from "@/components/mark";
import { Money } from "@/components/money";
import { ChangesAtStripe } from "@/components/payment-history";
import { PrintButton } from "@/components/print-button";
import { findOrder } from "@/lib/orders";
import { currentUser, mustBeSignedIn } from "@/lib/server";

export const metadata: Metadata = { title: "Receipt", robots: { index: false } };

export default async function ReceiptPage({ params }: PageProps<"/orders/[orderId]/receipt">) {
  const { orderId } = await params;
  const path = `/orders/${orderId}/receipt`;
  await mustBeSignedIn(path);
  const [view, user] = await Promise.all([findOrder(orderId, path), currentUser()]);
  if (view && view.state !== "paid") redirect(`/orders/${orderId}`);
  return (
    <div className="stack narrow">
      <h1>Receipt</h1>
      {!view && <Unavailable what="Your orders" />}
      {view?.arePaymentsUnavailable && <Unavailable what="Your payments" />}
      {view?.payment && (
        <>
          <div className="panel">
            <p className="row">
              <Mark /> <strong>EventHive</strong>
            </p>
            <dl className="facts">
              <dt>Ticket</dt>
              <dd>{view.order.ticket.title}</dd>
              <dt>Amount</dt>
              <dd>
                <strong>
                  <Money amount={view.order.ticket.price} />
                </strong>
              </dd>
              {view.payment.authorizedAt && (
                <>
                  <dt>Authorized on</dt>
                  <dd>
                    <DateTime iso={view.payment.authorizedAt} />
                  </dd>
                </>
              )}
              <dt>Paid on</dt>
              <dd>
                <DateTime iso={view.payment.chargedAt ?? view.payment.createdAt} />
              </dd>
              <ChangesAtStripe payment={view.payment} />
              {user && (
                <>
                  <dt>Paid by</dt>
                  <dd>{user.email}</dd>
                </>
              )}
              <dt>Order</dt>
              <dd>
                <code>{view.order.id}</code>
              </dd>
              <dt>Charge ID</dt>
              <dd>
                <code>{view.payment.stripeId}</code>
              </dd>
            </dl>
          </div>
          <div className="row no-print">
            <PrintButton />
            <Link href="/orders">All your orders</Link>
          </div>
        </>
      )}
    </div>
  );
}
