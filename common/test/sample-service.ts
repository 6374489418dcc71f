import { createApp } from "../src/http/create-app";
import { Sample, database, saveSample } from "./sample";
import { logger } from "../src/base/logger";
import { startService } from "../src/service/service";

/** The smallest service, for tests that need a process. */
startService({
  name: "samples",
  store: { database },
  app: createApp((api) => {
    api.get("/api/samples", async (_req, res) => void res.json(await Sample.find()));
    api.put("/api/samples", async (_req, res) => void res.json(await saveSample()));
    api.post("/api/samples", (_req, res) => void res.json({}));
  }),
  workers: [{ start: () => {}, stop: async () => logger.info("the worker has stopped") }],
});
