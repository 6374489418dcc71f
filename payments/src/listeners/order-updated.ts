import { listener } from "@eventhive/common";
import { applyOrder } from "../models/order";

export const orderUpdated = listener("order:updated", applyOrder);
