import { join } from "node:path";
import { eventually } from "../testing/eventually";
import { startJetStreamBroker } from "../../test/jetstream-broker";
import { startNatsBroker } from "../../test/nats-broker";
import { readLog } from "../testing/read-log";
import { endProcesses, run, testEnvironment } from "../../test/service-process";
import { jetStreamBus } from "../messaging/jetstream/bus";
import { natsStreamingBus } from "../messaging/nats-streaming/bus";
import type { EventBus } from "../messaging/event-bus";
import { newIds } from "../testing";

let oldBroker: Awaited<ReturnType<typeof startNatsBroker>>;
let newBroker: Awaited<ReturnType<typeof startJetStreamBroker>>;
let older: EventBus;
let newer: EventBus;

beforeEach(async () => {
  [oldBroker, newBroker] = await Promise.all([startNatsBroker(), startJetStreamBroker()]);
  older = natsStreamingBus({ name: "tickets", url: oldBroker.url(), clusterId: "eventhive" });
  newer = jetStreamBus({ name: "tickets", url: newBroker.url() });
});
afterEach(async () => {
  await endProcesses();
  await Promise.all([older.close(), newer.close()]);
  await Promise.all([oldBroker.remove(), newBroker.remove()]);
});

it("copies until it is stopped, and reports what waits to be copied", async () => {
  const { environment, send, metrics } = await testEnvironment();
  await eventually(() => older.publish("ticket:created", Buffer.from("a"), newIds()));
  const program = run({
    file: join(__dirname, "../bridge.ts"),
    environment: {
      ...environment,
      NATS_URL: oldBroker.url(),
      NATS_MONITOR_URL: oldBroker.monitorUrl,
      JETSTREAM_URL: newBroker.url(),
      LOG_LEVEL: "silent",
    },
  });
  await eventually(async () => expect((await send("/readyz")).body).toMatchObject({ broker: "connected" }), {
    withinSeconds: 60,
  });
  await eventually(async () => {
    const texts: string[] = [];
    for await (const batch of readLog(newer, "ticket:created"))
      texts.push(...batch.map(({ bytes }) => bytes.toString()));
    expect(texts).toEqual(["a"]);
  });
  const interesting = /^(bus_connected|store_ready|undelivered_.*:created"}|events_published_.*) [\d.]+$/gm;
  await eventually(
    async () =>
      expect((await metrics()).match(interesting)?.toSorted()).toEqual([
        "bus_connected 1",
        'events_published_total{subject="ticket:created"} 1',
        "store_ready 1",
        'undelivered_oldest_event_seconds{subject="order:created"} 0',
        'undelivered_oldest_event_seconds{subject="payment:created"} 0',
        'undelivered_oldest_event_seconds{subject="ticket:created"} 0',
      ]),
    { withinSeconds: 60 },
  );
  program.signal("SIGTERM");
  expect(await program.ended).toBe(0);
}, 150_000);
