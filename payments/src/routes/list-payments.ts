import { InvalidInputError, currentUser, isId, readPage, requireAuth } from "@eventhive/common";
import type { RequestHandler } from "express";
import { trusted } from "mongoose";
import { Order } from "../models/order";
import { Payment } from "../models/payment";

export const listPayments: RequestHandler[] = [
  requireAuth,
  async (req, res) => {
    const orderIds = readOrderIds(req.query.orderId);
    const page = readPage(req, res, { list: orderIds?.join() });
    const mine = { userId: currentUser(req).id, ...page.filter };
    const asked = orderIds ? { orderId: trusted({ $in: orderIds }) } : {};
    const payments = await Payment.find({ ...mine, ...asked })
      .sort(page.sort)
      .limit(page.limit);
    const orders = await Order.find({ _id: trusted({ $in: payments.map(({ orderId }) => orderId) }) });
    page.send(
      payments.map((payment) => ({
        ...payment.toJSON(),
        ...timesOf(payment),
        ...(payment.state === "failed" && { mayBeCharged: mayBeCharged(payment) }),
        order: orders.find(({ id }) => id === payment.orderId)?.summary(),
      })),
    );
  },
];

/** Whether a failed payment may still be charged, which is then refunded: it was given up without an answer. */
const mayBeCharged = ({ openAttempts }: Payment) => openAttempts !== 0;

/** When the money was held, taken, and given back or released, as far as it was. */
const timesOf = ({ authorizedAt, chargedAt, refundedAt, releasedAt }: Payment) => ({
  authorizedAt,
  chargedAt,
  refundedAt,
  releasedAt,
});

const maxOrders = 100;

/** The orders whose payments are requested; all of the caller's when none is named. */
function readOrderIds(orderId: unknown): string[] | undefined {
  if (orderId === undefined) return undefined;
  const ids = typeof orderId === "string" ? orderId.split(",") : [];
  if (ids.length >= 1 && ids.length <= maxOrders && ids.every(isId)) return ids;
  const message = `orderId must be 1 to ${maxOrders} order ids with commas between them`;
  throw new InvalidInputError([{ message, field: "orderId" }]);
}
