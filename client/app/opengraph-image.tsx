import { poster, posterSize } from "@/components/poster";

export const alt = "EventHive: tickets from person to person";
export const contentType = "image/png";
export const size = posterSize;

export default function Image() {
  return poster("Tickets from person to person", "Somebody cannot go; you can.");
}
