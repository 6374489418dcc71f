import { createApp } from "./http/create-app";
import { Toy, database } from "./database/toy.testing";
import { startService } from "./service";

/** The smallest service, for tests that need a process. */
startService({
  name: "toys",
  store: { database },
  app: createApp((api) => {
    api.get("/api/toys", async (_req, res) => void res.json(await Toy.find()));
  }),
});
