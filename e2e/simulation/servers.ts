import { subscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type ClientRequest, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onFailpoint } from "@eventhive/common";
import { useScheduling } from "../../common/src/base/joined";
import { startMongo } from "../../infra/local/servers";
import { useDocuments } from "../check-responses";
import type { Simulation } from "./simulation";
import { type Interceptor, interceptDatabase } from "./database-operations";
import { currentTaskId } from "./scheduler";
import { connectServices, disconnectServices, openApiDocuments } from "./services";

export type Servers = Awaited<ReturnType<typeof startServers>>;

/** The MongoDB and the HTTP server that all runs of this process share. */
export async function startServers() {
  let current: Simulation | undefined;
  const folder = await mkdtemp(join(tmpdir(), "eventhive-simulation-"));
  const mongo = await startMongo({ dataFolder: folder, print: console.error });
  await connectServices(mongo.url);

  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    current?.network.receive(request, response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("not listening");
  const url = `http://127.0.0.1:${address.port}`;
  process.env.STRIPE_API_URL = url;
  useDocuments(openApiDocuments(), (problem) => current?.monitor.violations.push(problem));

  return {
    url,
    /** Makes this the current simulation: database operations and requests belong to it from now on. */
    attach: (simulation: Simulation): void => {
      current = simulation;
      const park = (point: string) => simulation.scheduler.park(point);
      onFailpoint(park);
      useScheduling({
        process: () => simulation.scheduler.currentProcess(),
        waitFor: (promise) => simulation.scheduler.waitFor(promise),
      });
      interceptor = {
        park,
        written: (namespace) => simulation.checkWrite(namespace),
        outcome: () => simulation.nextDatabaseOutcome(),
        later: (point, write) => simulation.startDelayedWrite(point, write),
        replication: simulation.replication,
      };
    },
    stop: async () => {
      onFailpoint(undefined);
      useScheduling();
      server.close();
      server.closeAllConnections();
      await disconnectServices();
      await mongo.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// Identifies the calling task to the gateway, which answers when the timeout has passed on the simulated clock; in real time,
// a timeout would resume a task outside the scheduler.
subscribe("http.client.request.created", (message) => {
  const { request } = message as { request: ClientRequest };
  const id = currentTaskId();
  if (id === undefined) return;
  request.setHeader("x-task", String(id));
  request.setTimeout = () => request;
});

let interceptor: Interceptor | undefined;
interceptDatabase(() => interceptor);
