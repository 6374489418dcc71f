import { createApp } from "../src/http/create-app";
import { currentUser } from "../src/http/session";
import { Sample, database, saveSample } from "./sample";
import { logger } from "../src/base/logger";
import { startService } from "../src/service/service";
import { keepUserAccess } from "../src/service/user-access";

/** The smallest service, for tests that need a process. */
startService({
  name: "samples",
  store: { database },
  app: createApp(
    (api) => {
      api.get("/api/samples", async (_req, res) => void res.json(await Sample.find()));
      api.put("/api/samples", async (_req, res) => void res.json(await saveSample()));
      api.post("/api/samples", (_req, res) => void res.json({}));
      api.get("/api/samples/mine", (req, res) => void res.json(currentUser(req)));
    },
    { access: keepUserAccess(database) },
  ),
  workers: [{ start: () => {}, stop: async () => logger.info("the worker has stopped") }],
});
