import { currentUser, endpoint, idsField, pageQuery, readPage } from "@eventhive/common";
import { trusted } from "mongoose";
import { z } from "zod";
import { Order, summaryOf } from "../models/order";
import { Payment, mayBeReplaced } from "../models/payment";
import { listedPayment } from "./payment-body";

const maxOrders = 100;

const orderIdRule = `orderId must be 1 to ${maxOrders} order IDs, separated by commas`;

export const listPayments = endpoint(
  {
    id: "listPayments",
    summary: "The caller's payments, newest first",
    needsSession: true,
    query: pageQuery.extend({
      orderId: idsField(maxOrders, orderIdRule)
        .optional()
        .describe("Only payments of these orders, separated by commas"),
    }),
    responses: {
      200: { description: "A page of payments", body: z.array(listedPayment), headers: ["Link"] },
    },
  },
  async (req, res) => {
    const orderIds = req.query.orderId?.split(",");
    const page = readPage(req, res, { list: orderIds?.join() });
    const mine = { userId: currentUser(req).id, ...page.filter };
    const asked = orderIds ? { orderId: trusted({ $in: orderIds }) } : {};
    const payments = await Payment.find({ ...mine, ...asked })
      .select({ outbox: 0 })
      .sort(page.sort)
      .limit(page.limit)
      .lean();
    const ids = payments.map(({ orderId }) => orderId);
    const orders = await Order.find({ _id: trusted({ $in: ids }) }).lean();
    const summaries = new Map(orders.map((order) => [String(order._id), summaryOf(order)]));
    page.send(
      payments.map((payment) => ({
        ...Payment.toResponse(payment),
        ...historyOf(payment),
        ...(payment.state === "failed"
          ? { mayBeCharged: mayBeCharged(payment) }
          : { mayBeReplaced: mayBeReplaced(payment) }),
        order: summaries.get(payment.orderId),
      })),
    );
  },
);

/** Whether a failed payment may still be charged, and then refunded: it failed without a response. */
const mayBeCharged = ({ openAttempts }: Pick<Payment, "openAttempts">) => openAttempts !== 0;

type History = Pick<
  Payment,
  "authorizedAt" | "chargedAt" | "refundedAt" | "releasedAt" | "amountRefunded" | "disputedAt"
>;

/** When the money was held, charged, refunded, released and disputed, if it was, and what was refunded by hand. */
const historyOf = (payment: History) => ({
  authorizedAt: payment.authorizedAt,
  chargedAt: payment.chargedAt,
  refundedAt: payment.refundedAt,
  releasedAt: payment.releasedAt,
  amountRefunded: payment.amountRefunded,
  disputedAt: payment.disputedAt,
});
