import { createApp } from "@eventhive/common";
import { createPayment } from "./routes/create-payment";
import { listPayments } from "./routes/list-payments";

export const app = createApp((api) => {
  api.get("/api/payments", listPayments);
  api.post("/api/payments", createPayment);
});
