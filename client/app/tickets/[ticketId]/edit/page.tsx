import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { Unavailable } from "@/components/unavailable";
import { TicketForm } from "@/components/ticket-form";
import { currentUser, mustBeSignedIn } from "@/lib/server";
import { settings } from "@/lib/settings";
import { findTicket } from "@/lib/tickets";

export const metadata: Metadata = { title: "Edit ticket", robots: { index: false } };

export default async function EditPage({ params }: PageProps<"/tickets/[ticketId]/edit">) {
  const { ticketId } = await params;
  await mustBeSignedIn(`/tickets/${ticketId}/edit`);
  const [response, user] = await Promise.all([findTicket(ticketId), currentUser()]);
  const ticket = response?.body;
  if (ticket && user && ticket.userId !== user.id) notFound();
  return (
    <div className="panel narrow">
      <h1>Edit ticket</h1>
      {!ticket && <Unavailable what="Tickets" />}
      {ticket?.status === "available" && <TicketForm ticket={ticket} currency={settings().CURRENCY} />}
      {ticket && ticket.status !== "available" && (
        <p className="notice">
          “{ticket.title}” is {ticket.status}, so it cannot be changed.{" "}
          <Link href={`/tickets/${ticketId}`}>Back to the ticket</Link>
        </p>
      )}
    </div>
  );
}
