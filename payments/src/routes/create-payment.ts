import { BadRequestError, currentUser, isId, requireAuth, validateRequest } from "@eventhive/common";
import type { RequestHandler } from "express";
import { body } from "express-validator";
import { pending } from "../charge";
import { Order, cancellationOf, findOwnOrder } from "../models/order";
import { pay } from "../pay";

interface CreatePaymentBody {
  orderId: string;
  /** The card, as the browser got it from Stripe. */
  token: string;
}

const isToken = (value: unknown) => typeof value === "string" && /^\w{1,255}$/.test(value);

export const createPayment: RequestHandler[] = [
  requireAuth,
  body("orderId").custom(isId).withMessage("An order id is required"),
  body("token").custom(isToken).withMessage("A token from Stripe is required"),
  validateRequest,
  async (req, res) => {
    const { orderId, token }: CreatePaymentBody = req.body;
    const order = await findOwnOrder(currentUser(req).id, orderId);
    const payment = await pay(order, token);
    switch (payment.state) {
      case "settled":
        res.status(201).json(payment);
        break;
      case "charged":
        res.status(202).json(payment); // a promise: the ticket, or a refund
        break;
      case "charging":
        throw pending();
      case "failed": {
        // Failed without a response of Stripe: all that is certain is that the order has ended.
        const refusal = payment.openAttempts ? (await Order.findById(orderId).orFail()).refusal() : undefined;
        throw (
          refusal ?? new BadRequestError("payment-declined", payment.failureReason ?? "The card was declined")
        );
      }
      case "refunding":
      case "refunded":
        throw cancellationOf(await Order.findById(orderId).orFail());
    }
  },
];
