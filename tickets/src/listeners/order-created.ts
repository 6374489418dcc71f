import { listener } from "@eventhive/common";
import { followOrder } from "../follow-order";

export const orderCreated = listener("order:created", followOrder);
