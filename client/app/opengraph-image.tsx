import { poster, posterSize } from "@/lib/poster";

export const alt = "EventHive: tickets from person to person";
export const contentType = "image/png";
export const size = posterSize;

export default function Image() {
  return poster({
    title: "Tickets from person to person",
    note: "Buy from people who cannot go.",
    maxAgeSeconds: 86_400,
  });
}
