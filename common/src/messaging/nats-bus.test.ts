import { seconds } from "../clock";
import type { EventBus } from "./event-bus";
import { describeEventBus, eventually } from "./event-bus.contract";
import { type NatsBroker, startNatsBroker } from "./nats-broker.testing";
import { natsBus } from "./nats-bus";

const clusterId = "eventhive";

describeEventBus("the bus on NATS Streaming", async () => {
  const broker = await startNatsBroker();
  return {
    ...broker,
    connect: (name) => natsBus({ url: broker.url(), clusterId, name, ackWaitInSeconds: 1 }),
  };
});

describe("a connection to NATS Streaming", () => {
  jest.setTimeout(seconds(30));

  let broker: NatsBroker;
  let bus: EventBus;

  afterEach(async () => {
    await bus.close();
    await broker.remove();
  });

  async function connect(credentials = ""): Promise<void> {
    bus = natsBus({ url: broker.url(credentials), clusterId, name: "orders", ackWaitInSeconds: 60 });
    await eventually(() => expect(bus.isConnected).toBe(true));
  }

  const publish = (text: string) => bus.publish("ticket:created", Buffer.from(text));

  it("is given up when the broker falls silent, and the next one gets at once what was not acknowledged", async () => {
    broker = await startNatsBroker();
    await connect();
    const heard: string[] = [];
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    bus.subscribe("ticket:created", async ({ bytes }) => {
      heard.push(bytes.toString());
      await finished;
    });
    await publish("a");
    await eventually(() => expect(heard).toEqual(["a"]));
    broker.signal("SIGSTOP");
    await expect(publish("b")).rejects.toThrow("timeout");
    await eventually(() => expect(bus.isConnected).toBe(false));
    finish();
    broker.signal("SIGCONT");
    await eventually(() => publish("c"));
    await eventually(() => expect(new Set(heard.slice(1))).toEqual(new Set(["a", "b", "c"])));
  });

  it("subscribes again when the broker died without hearing of it", async () => {
    broker = await startNatsBroker();
    await connect();
    broker.signal("SIGSTOP");
    const heard: string[] = [];
    bus.subscribe("ticket:created", async ({ bytes }) => {
      heard.push(bytes.toString());
    });
    await new Promise(setImmediate); // the request is on its way
    await broker.stop();
    await broker.start();
    await eventually(() => publish("a"));
    await eventually(() => expect(heard).toEqual(["a"]));
  });

  it("publishes more at once than its client can take", async () => {
    broker = await startNatsBroker();
    await connect();
    const publishing = Promise.all(Array.from({ length: 20_000 }, () => publish("a")));
    await expect(publishing).resolves.toHaveLength(20_000);
  });

  it("closes within moments when the broker has fallen silent, and reports nothing as stored", async () => {
    broker = await startNatsBroker();
    await connect();
    broker.signal("SIGSTOP");
    const outcome = Promise.allSettled([publish("a")]);
    await new Promise(setImmediate); // it is on its way
    const started = performance.now();
    await bus.close();
    expect(performance.now() - started).toBeLessThan(seconds(4));
    expect(await outcome).toMatchObject([{ status: "rejected" }]);
  });

  it("closes while the broker was never there", async () => {
    broker = await startNatsBroker();
    await broker.stop();
    bus = natsBus({ url: broker.url(), clusterId, name: "orders" });
    bus.subscribe("ticket:created", async () => {});
    await bus.close();
    expect(bus.isConnected).toBe(false);
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
