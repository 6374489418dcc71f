import { listener } from "@eventhive/common";
import { followOrder } from "../follow-order";

export const orderCancelled = listener("order:cancelled", followOrder);
