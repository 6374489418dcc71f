import { currentContext, listener } from "@eventhive/common";
import { scheduleExpiration } from "../expirations";

export const orderCreated = listener("order:created", ({ id, expiresAt }) =>
  scheduleExpiration({ orderId: id, expiresAt, traceparent: currentContext()?.traceparent }),
);
