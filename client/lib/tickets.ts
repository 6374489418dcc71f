import "server-only";
import { cache } from "react";
import { read } from "./server";
import type { Ticket } from "./types";

/** Fetched once for a page and its metadata. */
export const findTicket = cache((id: string) => read<Ticket>(`/api/tickets/${encodeURIComponent(id)}`));
