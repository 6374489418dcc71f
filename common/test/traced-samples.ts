import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { currentContext } from "../src/base/context";
import { database, saveSample } from "./sample";
import { mongoStore } from "../src/service/store";
import { createApp } from "../src/http/create-app";
import { consume, listener } from "../src/messaging/listener";
import { Runtime } from "../src/service/runtime";
import { MemoryBroker, eventBytes, newId } from "../src/testing";
import { startTraces, stopTraces } from "../src/service/traces";

/** Causes one span of each kind, and prints the `traceparent` of each sample. */
async function leaveTraces(): Promise<void> {
  const seen: { title: string; requested?: string; handled?: string }[] = [];
  const app = createApp((api) => {
    api.post("/api/samples/:title", async ({ params: { title } }, res) => {
      seen.push({ title, requested: currentContext()?.traceparent });
      res.json(await saveSample(title));
    });
    api.get("/api/broken", () => {
      throw new Error("a bug");
    });
  });
  const sampleCreated = listener("ticket:created", async ({ title }) => {
    for (const sample of seen) if (sample.title === title) sample.handled = currentContext()?.traceparent;
  });
  const refused = listener("expiration:complete", async () => {
    throw new Error("no");
  });

  await startTraces("samples");
  const store = mongoStore(database);
  await store.open();
  const broker = new MemoryBroker();
  const definition = { name: "samples", store: { database }, listeners: [sampleCreated] };
  const runtime = new Runtime(definition, store, broker.connect("samples"));
  runtime.start();
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const send = async (method: string, path: string, traceparent: string) => {
    const headers = { traceparent, Connection: "close" };
    await (await fetch(`http://127.0.0.1:${port}${path}`, { method, headers })).text();
  };

  await send("POST", "/api/samples/Kite", `00-${"1".repeat(32)}-${"b".repeat(16)}-01`);
  await send("GET", "/api/broken", `00-${"2".repeat(32)}-${"b".repeat(16)}-01`);
  await send("POST", "/api/samples/Ball", `00-${"3".repeat(32)}-${"b".repeat(16)}-00`);
  const bytes = eventBytes("expiration:complete", { orderId: newId() });
  await consume(refused, store.deadLetters)({ subject: "expiration:complete", bytes, redeliveries: 2 });

  await runtime.settled();
  await broker.idle();
  server.close();
  await once(server, "close");
  await database.dropDatabase();
  await runtime.stop();
  await stopTraces();
  process.stdout.write(JSON.stringify(seen));
}

void leaveTraces().then(() => process.exit());
