import type { MetadataRoute } from "next";
import { read } from "@/lib/server";
import { settings } from "@/lib/settings";
import type { Ticket } from "@/lib/types";

export const dynamic = "force-dynamic";

/** The newest tickets on sale; crawlers have seen the older ones before. */
export default async function sitemap(): Promise<MetadataRoute.Sitemap> {
  const tickets = (await read<Ticket[]>("/api/tickets", { query: { limit: 100 } }))?.body ?? [];
  const urlOf = (path: string) => new URL(path, settings().PUBLIC_URL).href;
  return [
    { url: urlOf("/") },
    ...tickets.map(({ id, createdAt }) => ({ url: urlOf(`/tickets/${id}`), lastModified: createdAt })),
  ];
}
