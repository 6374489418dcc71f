import { createApp } from "@eventhive/common";
import { access } from "./access";
import { createTicket } from "./routes/create-ticket";
import { listTickets } from "./routes/list-tickets";
import { showTicket } from "./routes/show-ticket";
import { streamTickets } from "./routes/stream-tickets";
import { updateTicket } from "./routes/update-ticket";
import { withdrawTicket } from "./routes/withdraw-ticket";

export const app = createApp(
  (api) => {
    api.get("/api/tickets", listTickets);
    api.get("/api/tickets/stream", streamTickets);
    api.get("/api/tickets/:ticketId", showTicket);
    api.post("/api/tickets", createTicket);
    api.put("/api/tickets/:ticketId", updateTicket);
    api.delete("/api/tickets/:ticketId", withdrawTicket);
  },
  { access, openApi: { title: "Tickets", path: "/api/tickets/openapi.json" } },
);
