import { seconds } from "../../base/clock";
import type { EventBus } from "../event-bus";
import { type BusOptions, describeBroker } from "../../../test/broker-contract";
import { eventually } from "../../testing/eventually";
import { Gate } from "../../testing/gate";
import { startNatsBroker } from "../../../test/nats-broker";
import { readLog } from "../../testing/read-log";
import { natsStreamingBus } from "./bus";
import { newIds } from "../../testing";

const clusterId = "eventhive";

describeBroker("the bus on NATS Streaming", async (...settings) => {
  const broker = await startNatsBroker(...settings);
  const { monitorUrl } = broker;
  const optionsOf = ({ credentials = "", ...options }: Partial<BusOptions>) => ({
    url: broker.url(credentials),
    monitorUrl,
    clusterId,
    emptyAfterMs: options.maxSilenceMs && 200,
    ...options,
  });
  return {
    ...broker,
    optionsOf,
    connect: ({ name, ...options }) => natsStreamingBus({ name, ...optionsOf(options) }),
  };
});

describe("a connection to NATS Streaming", () => {
  let broker: Awaited<ReturnType<typeof startNatsBroker>>;
  let bus: EventBus;

  afterEach(async () => {
    await bus.close();
    await broker.remove();
  });

  async function connect(credentials = ""): Promise<void> {
    bus = natsStreamingBus({ url: broker.url(credentials), clusterId, name: "orders", ackWaitSeconds: 60 });
    await eventually(() => expect(bus.isConnected).toBe(true));
  }

  const publish = (text: string) => bus.publish("ticket:created", Buffer.from(text), newIds());

  it("is replaced when the broker stops responding, and unacknowledged messages are redelivered at once", async () => {
    broker = await startNatsBroker();
    await connect();
    const received: string[] = [];
    const gate = new Gate();
    await publish("a");
    bus.subscribe("ticket:created", async ({ bytes }) => {
      received.push(bytes.toString());
      await gate.opened;
    });
    await eventually(() => expect(received).toEqual(["a"]));
    await broker.freeze();
    await expect(publish("b")).rejects.toThrow(/timeout|PING failure/);
    await eventually(() => expect(bus.isConnected).toBe(false));
    gate.open();
    broker.thaw();
    const back = performance.now();
    await eventually(() => publish("c"));
    await eventually(() => expect(received.slice(1)).toEqual(expect.arrayContaining(["a", "c"])));
    expect(performance.now() - back).toBeLessThan(seconds(30)); // far below the ack wait
  });

  async function sequencesOfLog(onBatch = async () => {}): Promise<number[]> {
    const sequences: number[] = [];
    for await (const batch of readLog(bus, "ticket:created")) {
      sequences.push(...batch.map(({ sequence }) => sequence));
      await onBatch();
    }
    return sequences;
  }

  it("reads the rest of a log whose start the broker has dropped", async () => {
    broker = await startNatsBroker("-mm", "5");
    await connect();
    for (let count = 0; count < 12; count++) await publish("a");
    expect(await sequencesOfLog()).toEqual([8, 9, 10, 11, 12]);
  });
});
