import { startService } from "@eventhive/common";
import { app } from "./app";
import { database } from "./database";

startService({
  name: "auth",
  store: { database },
  app,
});
