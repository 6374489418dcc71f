import { listener } from "@eventhive/common";
import { followOrder } from "../follow-order";

export const orderCompleted = listener("order:completed", followOrder);
