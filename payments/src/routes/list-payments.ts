import { currentUser, readPage, requireAuth } from "@eventhive/common";
import type { RequestHandler } from "express";
import { trusted } from "mongoose";
import { Order } from "../models/order";
import { Payment } from "../models/payment";

export const listPayments: RequestHandler[] = [
  requireAuth,
  async (req, res) => {
    const page = readPage(req, res);
    const mine = { userId: currentUser(req).id, ...page.filter };
    const payments = await Payment.find(mine).sort(page.sort).limit(page.limit);
    const orders = await Order.find({ _id: trusted({ $in: payments.map(({ orderId }) => orderId) }) });
    page.send(
      payments.map((payment) => ({
        ...payment.toJSON(),
        order: orders.find(({ id }) => id === payment.orderId)?.summary(),
      })),
    );
  },
];
