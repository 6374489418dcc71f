import { createApp } from "@eventhive/common";
import { access } from "./access";
import { cancelOrder } from "./routes/cancel-order";
import { createOrder } from "./routes/create-order";
import { listOrders } from "./routes/list-orders";
import { listSales } from "./routes/list-sales";
import { showOrder } from "./routes/show-order";
import { streamOrder } from "./routes/stream-order";
import { serverTimeHeader } from "./routes/server-time-header";

export const app = createApp(
  (api) => {
    api.use("/api/orders", serverTimeHeader);
    api.get("/api/orders", listOrders);
    api.get("/api/orders/sales", listSales);
    api.get("/api/orders/:orderId", showOrder);
    api.get("/api/orders/:orderId/stream", streamOrder);
    api.post("/api/orders", createOrder);
    api.delete("/api/orders/:orderId", cancelOrder);
  },
  { access, openApi: { title: "Orders", path: "/api/orders/openapi.json" } },
);
