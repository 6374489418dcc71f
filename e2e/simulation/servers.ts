import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onFailpoint } from "@eventhive/common";
import { startMongo } from "../../infra/local/servers";
import type { History } from "./history";
import { type Observer, observeDatabase } from "./reads-and-writes";
import { connectServices, disconnectServices } from "./services";

export type Servers = Awaited<ReturnType<typeof startServers>>;

/** What all histories of this process share, one after the other: a MongoDB, and a way to be called. */
export async function startServers() {
  let present: History | undefined;
  const folder = await mkdtemp(join(tmpdir(), "eventhive-simulation-"));
  const mongo = await startMongo({ dataFolder: folder, say: console.error });
  await connectServices(mongo.url);

  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    present?.wire.receive(request, response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("not listening");
  const url = `http://127.0.0.1:${address.port}`;
  process.env.STRIPE_API_URL = url;

  return {
    url,
    /** The history that reads, writes and requests belong to from now on. */
    show: (history: History): void => {
      present = history;
      const park = (place: string) => history.scheduler.park(place);
      onFailpoint(park);
      observer = {
        park,
        written: (namespace) => history.watch.written(namespace),
        fate: () => history.fateOfOperation(),
        later: (place, write) => history.performLater(place, write),
      };
    },
    stop: async () => {
      onFailpoint(undefined);
      server.close();
      server.closeAllConnections();
      await disconnectServices();
      await mongo.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

let observer: Observer | undefined;
observeDatabase({
  park: async (place) => observer?.park(place),
  written: async (namespace) => observer?.written(namespace),
  fate: () => observer?.fate() ?? "answered",
  later: (place, write) => observer?.later(place, write),
});
