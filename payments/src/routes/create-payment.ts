import { BadRequestError, currentUser, endpoint, idField } from "@eventhive/common";
import { z } from "zod";
import { clientSecretOf } from "../intents";
import { Order, cancellationOf, findOwnOrder } from "../models/order";
import type { Payment } from "../models/payment";
import { pay } from "../pay";
import { pending } from "../pending";
import { responseDeadline } from "../stripe";
import { paymentResource, pendingPayment } from "./payment-body";

const refusalOf = async (orderId: string) => (await Order.findById(orderId).orFail()).refusal();

/** Stripe's message or, if there is none, the reason why the order cannot be paid. */
async function failureOf({ orderId, openAttempts, failureReason }: Payment): Promise<BadRequestError> {
  // Failed without a response from Stripe: it is only certain that the order has ended.
  const refusal = openAttempts || !failureReason ? await refusalOf(orderId) : undefined;
  return refusal ?? new BadRequestError("payment-declined", failureReason ?? "The card was declined");
}

const tokenRule = "A token from Stripe is required";

export const createPayment = endpoint(
  {
    id: "createPayment",
    summary: "Pay for an order, or get the state of its payment",
    needsSession: true,
    body: z.object({
      orderId: idField("An order ID is required"),
      token: z
        .string({ error: tokenRule })
        .regex(/^\w{1,255}$/, tokenRule)
        .meta({ description: "The token of the card, from Stripe", examples: ["tok_visa"] }),
    }),
    responses: {
      201: { description: "The order is paid", body: paymentResource },
      202: {
        description:
          "Not decided yet, or waiting for 3-D Secure, which the browser continues with `clientSecret`",
        body: pendingPayment,
      },
    },
    errors: {
      400: ["order-cancelled", "order-expired", "order-paid", "payment-declined", "payment-in-progress"],
      403: ["not-yours"],
      404: ["not-found"],
      409: ["changed"],
      429: ["too-many-cards"],
      503: ["payment-pending"],
    },
  },
  async (req, res) => {
    const deadline = responseDeadline();
    const { orderId, token } = req.body;
    const order = await findOwnOrder(currentUser(req).id, orderId);
    const payment = await pay(order, { token, address: req.ip ?? "", deadline });
    switch (payment.state) {
      case "settled":
        res.status(201).json(payment);
        break;
      case "charged":
        // With a PaymentIntent, the order has already been granted. With a charge, the buyer gets the ticket or a refund.
        res.status(payment.isByIntent() ? 201 : 202).json(payment);
        break;
      case "challenged":
        res.status(202).json({ ...payment.toJSON(), clientSecret: await clientSecretOf(payment, deadline) });
        break;
      case "authorized":
      case "capturing":
        res.status(202).json(payment); // the buyer gets the ticket, or is not charged
        break;
      case "charging":
      case "authorizing":
        throw pending();
      case "voiding":
        if (payment.isAnnounced) throw (await refusalOf(orderId)) ?? pending(); // a capture may have been first
        throw await failureOf(payment);
      case "failed":
        throw await failureOf(payment);
      case "refunding":
      case "refunded":
        throw cancellationOf(await Order.findById(orderId).orFail());
    }
  },
);
