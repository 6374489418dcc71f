"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { buildClient } from "@/lib/build-client";
import { neverResolves } from "@/lib/never-resolves";
import { type Problem, problemOf } from "@/lib/problem";
import type { Order, Ticket } from "@/lib/types";
import { ActionButton } from "./action-button";
import { Money } from "./money";

interface ReserveButtonProps {
  ticket: Ticket;
  className?: string;
  children?: ReactNode;
}

/** Reserves the ticket while it is available. The last error stays visible when it no longer is. */
export function ReserveButton({ ticket, className = "primary", children }: ReserveButtonProps) {
  const router = useRouter();

  /** Sends the price that the buyer sees: orders rejects the request if it has changed. */
  async function reserve(): Promise<void> {
    const input = { ticketId: ticket.id, price: ticket.price };
    try {
      const order = await post(input);
      // A document load: the policy of an order's page allows Stripe's scripts, that of this page does not.
      window.location.assign(`/orders/${order.id}`);
      await neverResolves();
    } catch (error) {
      router.refresh(); // the page is outdated, whatever the error
      throw error;
    }
  }

  return (
    <ActionButton
      className={className}
      working="Reserving…"
      isPossible={ticket.status === "available"}
      act={reserve}
      explain={explain}
    >
      {children ?? (
        <>
          Reserve for <Money amount={ticket.price} />
        </>
      )}
    </ActionButton>
  );
}

const pausesMs = [500, 1_000, 2_000, 4_000];

/** Orders stores a new ticket shortly after it is listed: retries while it does not know the ticket. */
async function post(input: object): Promise<Order> {
  const client = buildClient();
  for (const pauseMs of pausesMs) {
    try {
      return (await client.post<Order>("/api/orders", input)).data;
    } catch (error) {
      if (problemOf(error).code !== "not-found") throw error;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, pauseMs);
    });
  }
  return (await client.post<Order>("/api/orders", input)).data;
}

function explain({ code }: Problem): ReactNode {
  switch (code) {
    case "ticket-reserved":
      return (
        <>
          Someone else has reserved this ticket. If it becomes available again, this page will show it. In the
          meantime, browse <Link href="/">other tickets</Link>.
        </>
      );
    case "price-changed":
      return "The seller has just changed the price. Check the new price before you reserve.";
    case "ticket-withdrawn":
      return (
        <>
          The seller has just withdrawn this ticket. <Link href="/">Browse other tickets</Link>
        </>
      );
    case "too-many-reservations":
      return (
        <>
          You have reached the limit of open reservations. Pay for or cancel one of{" "}
          <Link href="/orders">your orders</Link> first.
        </>
      );
    case "already-bought":
      return (
        <>
          You have already bought this ticket: see <Link href="/orders">your orders</Link>.
        </>
      );
    case "not-found":
      return "This ticket was just listed and cannot be reserved yet. Try again in a moment.";
    default:
      return undefined;
  }
}
