import { createApp } from "../src/http/create-app";
import { Toy, database, saveToy } from "./sample";
import { logger } from "../src/base/logger";
import { startService } from "../src/service/service";

/** The smallest service, for tests that need a process. */
startService({
  name: "toys",
  store: { database },
  app: createApp((api) => {
    api.get("/api/toys", async (_req, res) => void res.json(await Toy.find()));
    api.put("/api/toys", async (_req, res) => void res.json(await saveToy()));
    api.post("/api/toys", (_req, res) => void res.json({}));
  }),
  workers: [{ start: () => {}, stop: async () => logger.info("the toys are put away") }],
});
