import "server-only";
import { cookies } from "next/headers";
import { cache } from "react";
import { type ServiceResponse, read } from "./server";
import { share } from "./share";
import type { Ticket } from "./types";

/** Fetched once for a page and its metadata. */
export const findTicket = cache((id: string) => read<Ticket>(`/api/tickets/${encodeURIComponent(id)}`));

const readList = (query: string) => read<Ticket[]>(`/api/tickets?${query}`);
const sharedList = share(readList, { maxAgeMs: 1_000, maxEntries: 100 });

/**
 * A page of the tickets on sale. It is the same for everyone, so visitors without a session share it for up to a second;
 * sellers see their own changes immediately.
 */
export async function listTickets(
  query: Record<string, string | undefined>,
): Promise<ServiceResponse<Ticket[]> | undefined> {
  const given = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const list = (await cookies()).has("session") ? readList : sharedList;
  return list(new URLSearchParams(given).toString());
}
