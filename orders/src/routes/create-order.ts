import {
  BadRequestError,
  ConflictError,
  NotFoundError,
  currentUser,
  isDuplicateKey,
  isId,
  requireAuth,
  validateRequest,
} from "@eventhive/common";
import type { RequestHandler } from "express";
import { body } from "express-validator";
import { config } from "../config";
import { countLiveOrders, reserve } from "../models/order";
import { Ticket } from "../models/ticket";

interface CreateOrderBody {
  ticketId: string;
  /** What the buyer was shown. */
  price?: number;
}

export const createOrder: RequestHandler[] = [
  requireAuth,
  body("ticketId").custom(isId).withMessage("A ticket id is required"),
  body("price").optional().custom(Number.isFinite).withMessage("The price must be a number"),
  validateRequest,
  async (req, res) => {
    const userId = currentUser(req).id;
    const { ticketId, price }: CreateOrderBody = req.body;

    const ticket = await Ticket.findById(ticketId);
    if (!ticket) throw new NotFoundError("ticket");
    if (ticket.userId === userId) throw new BadRequestError("own-ticket", "This ticket is your own");
    if (await ticket.isReserved()) throw reserved();
    if (ticket.withdrawn) throw new BadRequestError("ticket-withdrawn", "This ticket is no longer for sale");
    if (price !== undefined && price !== ticket.price) {
      throw new ConflictError("price-changed", `The price is now ${ticket.price}`);
    }
    // A courtesy to other buyers, not an invariant: parallel requests may pass it together.
    if ((await countLiveOrders(userId)) >= config.MAX_RESERVATIONS) {
      throw new BadRequestError("too-many-reservations", "Pay or cancel one of your reservations first");
    }

    const order = reserve(ticket, userId);
    try {
      await order.save();
    } catch (error) {
      throw isDuplicateKey(error, "reserves") ? reserved() : error;
    }
    res.status(201).json(order);
  },
];

const reserved = () => new BadRequestError("ticket-reserved", "Somebody else has reserved this ticket");
