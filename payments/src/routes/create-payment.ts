import { BadRequestError, currentUser, isId, requireAuth, validateRequest } from "@eventhive/common";
import type { RequestHandler } from "express";
import { body } from "express-validator";
import { clientSecretOf } from "../intents";
import { Order, cancellationOf, findOwnOrder } from "../models/order";
import type { Payment } from "../models/payment";
import { pay } from "../pay";
import { pending } from "../pending";

interface CreatePaymentBody {
  orderId: string;
  /** The card, as the browser got it from Stripe. */
  token: string;
}

const refusalOf = async (orderId: string) => (await Order.findById(orderId).orFail()).refusal();

/** The card's own words, or where there are none, what became of the order. */
async function failureOf({ orderId, openAttempts, failureReason }: Payment): Promise<BadRequestError> {
  // Failed without a response of Stripe: all that is certain is that the order has ended.
  const refusal = openAttempts || !failureReason ? await refusalOf(orderId) : undefined;
  return refusal ?? new BadRequestError("payment-declined", failureReason ?? "The card was declined");
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
        // By an intent, the order was granted before. By a charge, it is a promise: the ticket, or a refund.
        res.status(payment.isByIntent() ? 201 : 202).json(payment);
        break;
      case "challenged":
        res.status(202).json({ ...payment.toJSON(), clientSecret: await clientSecretOf(payment) });
        break;
      case "authorized":
      case "capturing":
        res.status(202).json(payment); // a promise: the ticket, or nothing is taken
        break;
      case "charging":
      case "authorizing":
        throw pending();
      case "voiding":
        if (payment.isAnnounced) throw (await refusalOf(orderId)) ?? pending(); // a capture may have come first
        throw await failureOf(payment);
      case "failed":
        throw await failureOf(payment);
      case "refunding":
      case "refunded":
        throw cancellationOf(await Order.findById(orderId).orFail());
    }
  },
];
