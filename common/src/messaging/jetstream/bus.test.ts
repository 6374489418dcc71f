import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectClient } from "@nats-io/transport-node";
import { describeBroker } from "../../../test/broker-contract";
import { eventually } from "../../testing/eventually";
import { startJetStreamBroker } from "../../../test/jetstream-broker";
import { BlockableProxy } from "../../../test/service-process";
import { freePort } from "../../../../infra/local/port";
import { readLog } from "../../testing/read-log";
import { newIds } from "../../testing";
import type { EventBus } from "../event-bus";
import { jetStreamBus } from "./bus";

describeBroker("the bus on JetStream", async (...settings) => {
  const broker = await startJetStreamBroker(...settings);
  const optionsOf = ({ credentials = "", ...options }) => ({ url: broker.url(credentials), ...options });
  return {
    ...broker,
    optionsOf,
    connect: ({ name, ...options }) => jetStreamBus({ name, ...optionsOf(options) }),
  };
});

describe("a connection to JetStream", () => {
  let broker: Awaited<ReturnType<typeof startJetStreamBroker>>;
  let buses: EventBus[] = [];

  beforeEach(async () => {
    broker = await startJetStreamBroker();
  });
  afterEach(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    buses = [];
    await broker.remove();
  });

  async function connect(ackWaitSeconds: number, url = broker.url()): Promise<EventBus> {
    const bus = jetStreamBus({ url, name: "orders", ackWaitSeconds });
    buses.push(bus);
    await eventually(() => expect(bus.isConnected).toBe(true));
    return bus;
  }

  const publish = (bus: EventBus, text: string, ids = newIds()) =>
    bus.publish("ticket:created", Buffer.from(text), ids);

  it("stores an event once when it is published again", async () => {
    const bus = await connect(10);
    const ids = newIds();
    await publish(bus, "a", ids);
    await publish(bus, "a", ids);
    await publish(bus, "b");
    const texts: string[] = [];
    for await (const batch of readLog(bus, "ticket:created"))
      texts.push(...batch.map(({ bytes }) => bytes.toString()));
    expect(texts).toEqual(["a", "b"]);
  });

  it("creates a stream that cannot be purged and discards nothing, and durable consumers that discard nothing", async () => {
    const bus = await connect(10);
    bus.subscribe("ticket:created", async () => {});
    await eventually(() => publish(bus, "a"));
    const client = await connectClient({ servers: broker.url() });
    const manager = await jetstreamManager(client);
    const { config } = await manager.streams.info("eventhive");
    expect(config).toMatchObject({
      storage: "file",
      retention: "limits",
      max_msgs: -1,
      max_bytes: -1,
      max_age: 0,
      discard: "new",
      deny_delete: true,
      deny_purge: true,
      duplicate_window: 120e9,
      allow_direct: true,
    });
    const durable = await manager.consumers.info("eventhive", "orders-ticket:created");
    expect(durable.config).toMatchObject({
      deliver_policy: "all",
      ack_policy: "explicit",
      ack_wait: 10e9,
      max_deliver: -1,
      max_ack_pending: 16 * 64,
    });
    await client.close();
  });

  it("requests messages again when the broker loses a request, but not the connection", async () => {
    const client = await connectClient({ servers: broker.url() });
    const lost = client.subscribe("lost.>"); // otherwise the broker would reject the request
    let requests = 0;
    const loseFirst = (sent: Buffer) =>
      Buffer.from(
        sent
          .toString("latin1")
          .replaceAll("PUB $JS.API.CONSUMER.MSG.NEXT.", (start) => (requests++ === 0 ? "PUB lost." : start)),
        "latin1",
      );
    const proxy = new BlockableProxy(await freePort(), Number(new URL(broker.url()).port), loseFirst);
    await proxy.open();
    try {
      const bus = await connect(10, `nats://127.0.0.1:${proxy.port}`);
      const received: string[] = [];
      bus.subscribe("ticket:created", async ({ bytes }) => void received.push(bytes.toString()));
      await publish(bus, "a");
      await eventually(() => expect(received).toEqual(["a"]));
      expect(lost.getReceived()).toBe(1);
      await bus.close();
    } finally {
      await Promise.all([client.close(), proxy.shut()]);
    }
  });

  it("applies changed settings to an existing durable consumer", async () => {
    const before = await connect(3600);
    const received: string[] = [];
    before.subscribe("ticket:created", async ({ bytes }) => void received.push(bytes.toString()));
    await publish(before, "a");
    await eventually(() => expect(received).toEqual(["a"]));
    await before.close();

    const after = await connect(1);
    const redeliveries: number[] = [];
    after.subscribe("ticket:created", async (message) => {
      redeliveries.push(message.redeliveries);
      if (message.redeliveries === 0) await new Promise(() => {});
    });
    await publish(after, "b");
    await eventually(() => expect(redeliveries).toEqual([0, 1]));
  });
});
