import { events, resource } from "@eventhive/common";
import { z } from "zod";

const { shape: order } = events["order:updated"];
const { shape: ticket } = order.ticket;

/** A payment as responses show it, whether it is charged or not. */
export const paymentResource = resource("payment:authorized");

/** Of the order that it pays. */
export const orderSummary = z.object({
  id: order.id,
  title: ticket.title,
  price: ticket.price,
  status: order.status,
});
