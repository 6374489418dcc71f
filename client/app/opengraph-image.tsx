import { poster, posterSize } from "@/lib/poster";

export const alt = "EventHive: tickets, person to person";
export const contentType = "image/png";
export const size = posterSize;

export default function Image() {
  return poster({
    title: "Tickets, person to person",
    note: "Buy from people who can’t make it.",
    maxAgeSeconds: 86_400,
  });
}
