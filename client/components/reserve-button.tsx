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
  look?: string;
  children?: ReactNode;
}

/** Reserves the ticket while it is available. What was refused stays said when it no longer is. */
export function ReserveButton({ ticket, look = "primary", children }: ReserveButtonProps) {
  const router = useRouter();

  /** With the price that the buyer sees: another one is refused. */
  async function reserve(): Promise<void> {
    const input = { ticketId: ticket.id, price: ticket.price };
    try {
      const order = await post(input);
      // A page load of its own, because an order's page may load Stripe's scripts and this one may not.
      window.location.assign(`/orders/${order.id}`);
      await neverResolves();
    } catch (error) {
      router.refresh(); // whatever was refused, it is not as the page shows it
      throw error;
    }
  }

  return (
    <ActionButton
      look={look}
      working="Reserving …"
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

/** Orders hears of a new ticket a moment after it is on sale: a ticket that it does not know is asked for again. */
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
          Somebody was faster and has reserved this ticket. It may come back, and this page will show it;
          meanwhile there are <Link href="/">other tickets</Link>.
        </>
      );
    case "price-changed":
      return "The seller has just changed the price. Look at the new one, then reserve again if you like it.";
    case "ticket-withdrawn":
      return (
        <>
          Its seller has just withdrawn this ticket. <Link href="/">See other tickets</Link>
        </>
      );
    case "too-many-reservations":
      return (
        <>
          You hold as many reservations as one person may. Pay or cancel one of{" "}
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
      return "This ticket was put on sale only just now and is still being registered. Try again in a moment.";
    default:
      return undefined;
  }
}
