import { events, named, resource } from "@eventhive/common";
import { z } from "zod";

const { shape: order } = events["order:updated"];
const { shape: ticket } = order.ticket;

/** The order that it pays for. */
export const orderSummary = z.object({
  id: order.id,
  title: ticket.title,
  price: ticket.price,
  status: order.status,
});

const payment = resource("payment:authorized");
const example: z.output<typeof payment> = {
  id: "6553f1000000000000000005",
  version: 2,
  orderId: "6553f1000000000000000003",
  userId: "6553f1000000000000000004",
  stripeId: "ch_3Px5Qv2eZvKYlo2C",
  amount: 1999,
  currency: "usd",
  state: "charged",
  createdAt: "2026-06-01T18:00:20.000Z",
};

/** A payment as responses show it, whether it is charged or not. */
export const paymentResource = named("Payment", payment, example);

/** A payment that is not decided yet; while it waits for 3-D Secure, with the client secret. */
export const pendingPayment = named(
  "PendingPayment",
  payment.extend({ clientSecret: z.string().optional() }),
  { ...example, stripeId: undefined, state: "challenged", clientSecret: "pi_3Px5Qv2eZvKYlo2C_secret_7Yh" },
);

const time = z.iso.datetime().optional();

/** A payment in a list: also with the times of its charge, refund and so on, as far as they are known. */
export const listedPayment = named(
  "ListedPayment",
  payment.extend({
    authorizedAt: time,
    chargedAt: time,
    refundedAt: time,
    releasedAt: time,
    amountRefunded: z
      .int()
      .optional()
      .describe("The amount of a settled payment that was refunded manually, in the currency's minor unit"),
    disputedAt: time.describe("When the cardholder disputed the charge"),
    mayBeCharged: z
      .boolean()
      .optional()
      .describe("Whether a failed payment may still be charged; it is then refunded"),
    mayBeReplaced: z
      .boolean()
      .optional()
      .describe("Whether a payment with another card can replace this one, which has not failed"),
    order: orderSummary.optional(),
  }),
  { ...example, chargedAt: "2026-06-01T18:00:21.000Z" },
);
