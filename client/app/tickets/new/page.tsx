import type { Metadata } from "next";
import { TicketForm } from "@/components/ticket-form";
import { mustBeSignedIn } from "@/lib/server";
import { settings } from "@/lib/settings";

export const metadata: Metadata = { title: "Sell a ticket", robots: { index: false } };

export default async function SellPage() {
  await mustBeSignedIn("/tickets/new");
  return (
    <div className="panel narrow">
      <h1>Sell a ticket</h1>
      <p className="lead">Your ticket goes on sale immediately. You can edit it until someone reserves it.</p>
      <TicketForm currency={settings().CURRENCY} />
    </div>
  );
}
