import { forEachDocument } from "@eventhive/common";
import { Order, salesOf } from "./models/order";
import { findTicket } from "./models/ticket";

/** Sets the seller of complete orders that have none: of those made before sellers were stored, and of rebuilt ones. */
export async function nameSellers(signal?: AbortSignal): Promise<void> {
  const nameless = Order.find(salesOf(null)).select({ ticket: 1 }).lean();
  await forEachDocument(
    nameless.cursor(),
    async ({ _id, ticket }) => {
      const sold = await findTicket(ticket.id);
      if (sold) await Order.updateOne({ _id }, { sellerId: sold.userId });
    },
    signal,
  );
}
