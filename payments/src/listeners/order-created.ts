import { listener } from "@eventhive/common";
import { applyOrder } from "../models/order";

export const orderCreated = listener("order:created", applyOrder);
