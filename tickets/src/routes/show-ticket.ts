import { NotFoundError, endpoint, isId, sharedReads } from "@eventhive/common";
import { Ticket } from "../models/ticket";
import { ticketResource } from "./ticket-body";

export const showTicket = endpoint(
  {
    id: "showTicket",
    summary: "A ticket",
    responses: { 200: { description: "The ticket", body: ticketResource } },
    errors: { 404: ["not-found"] },
  },
  async (req, res) => {
    const { ticketId } = req.params;
    const ticket = isId(ticketId) && (await readShared(ticketId, () => read(ticketId)));
    if (!ticket) throw new NotFoundError("ticket");
    res.json(ticket);
  },
);

/** Many visitors look at a popular ticket at the same moment. */
const readShared = sharedReads<Awaited<ReturnType<typeof read>>>();

async function read(ticketId: string) {
  const ticket = await Ticket.findById(ticketId).select({ outbox: 0 }).lean();
  return ticket && Ticket.toResponse(ticket);
}
