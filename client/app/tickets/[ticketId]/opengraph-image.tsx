import { poster, posterSize } from "@/components/poster";
import { ticketLabels } from "@/lib/labels";
import { settings } from "@/lib/settings";
import { findTicket } from "@/lib/tickets";

export const alt = "A ticket at EventHive";
export const contentType = "image/png";
export const size = posterSize;

export default async function Image({ params }: { params: Promise<{ ticketId: string }> }) {
  const ticket = (await findTicket((await params).ticketId))?.body;
  if (!ticket) return poster("A ticket", "The tickets are away for a moment");
  const money = new Intl.NumberFormat("en-US", { style: "currency", currency: settings().CURRENCY });
  return poster(ticket.title, `${money.format(ticket.price)} · ${ticketLabels[ticket.status].text}`);
}
