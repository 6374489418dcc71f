import { seconds } from "../../base/clock";
import type { EventBus } from "../event-bus";
import { describeEventBus } from "../../../test/event-bus-contract";
import { eventually } from "../../../test/eventually";
import { Gate } from "../../../test/gate";
import { type NatsBroker, startNatsBroker } from "../../../test/nats-broker";
import { natsStreamingBus } from "./bus";
import { newIds } from "../../testing";

const clusterId = "eventhive";

describeEventBus("the bus on NATS Streaming", async () => {
  const broker = await startNatsBroker();
  return {
    ...broker,
    connect: (name, ackWaitSeconds) =>
      natsStreamingBus({ url: broker.url(), monitorUrl: broker.monitorUrl, clusterId, name, ackWaitSeconds }),
  };
});

describe("a connection to NATS Streaming", () => {
  let broker: NatsBroker;
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
    const heard: string[] = [];
    const gate = new Gate();
    await publish("a");
    bus.subscribe("ticket:created", async ({ bytes }) => {
      heard.push(bytes.toString());
      await gate.opened;
    });
    await eventually(() => expect(heard).toEqual(["a"]));
    broker.signal("SIGSTOP");
    await expect(publish("b")).rejects.toThrow(/timeout|PING failure/);
    await eventually(() => expect(bus.isConnected).toBe(false));
    gate.open();
    broker.signal("SIGCONT");
    const back = performance.now();
    await eventually(() => publish("c"));
    await eventually(() => expect(heard.slice(1)).toEqual(expect.arrayContaining(["a", "c"])));
    expect(performance.now() - back).toBeLessThan(seconds(8));
  });

  it("rejects requests that a dying broker did not answer, and renews subscriptions", async () => {
    broker = await startNatsBroker();
    await connect();
    broker.signal("SIGSTOP");
    const heard = new Set<string>();
    bus.subscribe("ticket:created", async ({ bytes }) => void heard.add(bytes.toString()));
    const outcome = Promise.allSettled([publish("a")]);
    await new Promise(setImmediate); // both requests are on their way
    await broker.stop();
    expect(await outcome).toMatchObject([{ reason: { message: "lost the connection to the broker" } }]);
    await broker.start();
    await eventually(() => publish("b"));
    await eventually(() => expect(heard).toEqual(new Set(["b"])));
  });

  it("reconnects to a broker that lost its data", async () => {
    broker = await startNatsBroker("-store", "memory");
    await connect();
    await broker.stop();
    await eventually(() => expect(bus.isConnected).toBe(false));
    await broker.start();
    await eventually(() => expect(bus.isConnected).toBe(true));
    await expect(publish("a")).resolves.toBeUndefined();
  });

  it("receives only as many messages as it can handle, so that none waits for a redelivery", async () => {
    broker = await startNatsBroker();
    await connect();
    const gate = new Gate();
    let handled = 0;
    await Promise.all(Array.from({ length: 200 }, () => publish("a")));
    const subscription = bus.subscribe("ticket:created", async () => {
      await gate.opened;
      handled += 1;
    });
    gate.open();
    await eventually(() => expect(handled).toBe(200));
    await subscription.close();
    await publish("b");
    bus.subscribe("ticket:created", async () => {
      handled += 1;
    });
    await eventually(() => expect(handled).toBe(201));
  });

  it("publishes more concurrent messages than its client's limit", async () => {
    broker = await startNatsBroker();
    await connect();
    const publishing = Promise.all(Array.from({ length: 20_000 }, () => publish("a")));
    await expect(publishing).resolves.toHaveLength(20_000);
  });

  it("closes quickly when the broker does not respond, and reports nothing as stored", async () => {
    broker = await startNatsBroker();
    await connect();
    broker.signal("SIGSTOP");
    const outcome = Promise.allSettled([publish("a")]);
    await new Promise(setImmediate); // it is on its way
    const closing = performance.now();
    await bus.close();
    expect(performance.now() - closing).toBeLessThan(seconds(4));
    expect(await outcome).toMatchObject([{ reason: { message: "stan: Connection closed" } }]);
  });

  it("closes even if a handler does not finish, and leaves its message to the next process", async () => {
    broker = await startNatsBroker();
    const options = { url: broker.url(), clusterId, name: "orders", ackWaitSeconds: 1 };
    bus = natsStreamingBus(options);
    await eventually(() => expect(bus.isConnected).toBe(true));
    await publish("a");
    let isTaken = false;
    bus.subscribe("ticket:created", () => {
      isTaken = true;
      return new Promise(() => {});
    });
    await eventually(() => expect(isTaken).toBe(true));
    await bus.close();
    const heard: string[] = [];
    bus = natsStreamingBus(options);
    bus.subscribe("ticket:created", async ({ bytes }) => void heard.push(bytes.toString()));
    await eventually(() => expect(heard).toEqual(["a"]));
  });

  it("closes if the broker was never available", async () => {
    broker = await startNatsBroker();
    await broker.stop();
    bus = natsStreamingBus({ url: broker.url(), clusterId, name: "orders" });
    bus.subscribe("ticket:created", async () => {});
    await bus.close();
    expect(bus.isConnected).toBe(false);
  });

  async function sequencesOfLog(onBatch = async () => {}): Promise<number[]> {
    const sequences: number[] = [];
    for await (const batch of bus.readLog("ticket:created")) {
      sequences.push(...batch.map(({ sequence }) => sequence));
      await onBatch();
    }
    return sequences;
  }

  it("resumes reading a log after the broker was killed", async () => {
    broker = await startNatsBroker();
    await connect();
    await Promise.all(Array.from({ length: 600 }, () => publish("a")));
    let kills = 0;
    const read = await sequencesOfLog(async () => {
      if (kills++ > 0) return;
      await broker.stop();
      await broker.start();
    });
    expect(read).toEqual(Array.from({ length: 600 }, (_, index) => index + 1));
  });

  it("reads the rest of a log whose start the broker has dropped", async () => {
    broker = await startNatsBroker("-mm", "5");
    await connect();
    for (let count = 0; count < 12; count++) await publish("a");
    expect(await sequencesOfLog()).toEqual([8, 9, 10, 11, 12]);
  });

  it("does not consider a log empty or complete because the broker does not respond", async () => {
    broker = await startNatsBroker();
    bus = natsStreamingBus({
      url: broker.url(),
      clusterId,
      name: "orders",
      emptyAfterMs: 200,
      maxSilenceMs: 1500,
    });
    await eventually(() => expect(bus.isConnected).toBe(true));
    for (let count = 0; count < 600; count++) await publish("a");
    const silent = /^The broker sent nothing of ticket:created for 1.5 s/;
    const interrupted = sequencesOfLog(async () => void broker.signal("SIGSTOP"));
    await expect(interrupted).rejects.toThrow(silent);
    await expect(sequencesOfLog()).rejects.toThrow(silent);
    broker.signal("SIGCONT");
    await eventually(async () => expect(await sequencesOfLog()).toHaveLength(600));
  });

  it.each([
    ["a user and a password", "hive:s%2Fcret@", ["-user", "hive", "-pass", "s/cret"]],
    ["a token", "s%2Fcret@", ["-auth", "s/cret"]],
  ])("takes %s from the address", async (_, credentials, settings) => {
    broker = await startNatsBroker(...settings);
    await connect(credentials);
    await expect(publish("a")).resolves.toBeUndefined();
  });
});
