import { createApp } from "@eventhive/common";
import { access } from "./access";
import { createPayment } from "./routes/create-payment";
import { listPayments } from "./routes/list-payments";
import { receiveWebhook } from "./routes/receive-webhook";

export const app = createApp(
  (api) => {
    api.get("/api/payments", listPayments);
    api.post("/api/payments", createPayment);
  },
  {
    access,
    openApi: { title: "Payments", path: "/api/payments/openapi.json" },
    addMachineRoutes: (api) => {
      api.post("/api/payments/webhook", receiveWebhook);
    },
  },
);
