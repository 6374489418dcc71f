import { type EventData, events, named, resource } from "@eventhive/common";
import { z } from "zod";

const example: EventData<"order:updated"> = {
  id: "6553f1000000000000000003",
  version: 2,
  status: "complete",
  userId: "6553f1000000000000000004",
  paymentId: "6553f1000000000000000005",
  expiresAt: "2026-06-01T18:01:00.000Z",
  ticket: { id: "6553f1000000000000000001", title: "Kite festival, Saturday", price: 19.99, version: 0 },
};

/** An order as responses show it. */
export const orderResource = named("Order", resource("order:updated"), {
  ...example,
  createdAt: "2026-06-01T18:00:00.000Z",
});

/** A complete order as the seller of its ticket sees it: without its buyer. */
export const saleResource = named(
  "Sale",
  events["order:updated"].pick({ id: true, ticket: true }).extend({ createdAt: z.iso.datetime() }),
  {
    id: example.id,
    ticket: example.ticket,
    createdAt: "2026-06-01T18:00:00.000Z",
  },
);

/** An order as streams and events show it. */
export const orderState = events["order:updated"].meta({ examples: [example] });
