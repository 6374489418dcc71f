import "server-only";
import { cache } from "react";
import { read } from "./server";
import type { Ticket } from "./types";

/** Asked once for a page, its title and its picture. */
export const findTicket = cache((id: string) => read<Ticket>(`/api/tickets/${encodeURIComponent(id)}`));
