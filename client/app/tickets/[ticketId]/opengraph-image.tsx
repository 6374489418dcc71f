import { ticketLabels } from "@/lib/labels";
import { formatMoney } from "@/lib/money";
import { poster, posterSize } from "@/lib/poster";
import { settings } from "@/lib/settings";
import { findTicket } from "@/lib/tickets";

export const alt = "A ticket on EventHive";
export const contentType = "image/png";
export const size = posterSize;

export default async function Image({ params }: { params: Promise<{ ticketId: string }> }) {
  const ticket = (await findTicket((await params).ticketId))?.body;
  if (!ticket)
    return poster({ title: "Ticket", note: "Tickets are temporarily unavailable", maxAgeSeconds: 0 });
  const note = `${formatMoney(ticket.price, settings().CURRENCY)} · ${ticketLabels[ticket.status].text}`;
  return poster({ title: ticket.title, note, maxAgeSeconds: 300 }); // the price and the status may change
}
