import { listener } from "@eventhive/common";
import { expireOrder } from "../expire-orders";

export const expirationComplete = listener("expiration:complete", ({ orderId }) => expireOrder(orderId));
