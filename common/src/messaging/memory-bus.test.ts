import { describeEventBus } from "../testing/event-bus-contract";
import { MemoryBroker } from "./memory-bus";
import { newIds } from "../testing";

describeEventBus("the bus in memory", async () => {
  const broker = new MemoryBroker();
  return {
    connect: (name) => broker.connect(name),
    stop: async () => broker.stop(),
    start: async () => broker.start(),
    remove: async () => {},
  };
});

describe("a broker in memory", () => {
  it("is idle when every published message has been handled, at whichever attempt", async () => {
    const broker = new MemoryBroker();
    const bus = broker.connect("orders");
    const received: string[] = [];
    bus.subscribe("ticket:created", async ({ bytes, redeliveries }) => {
      if (redeliveries < 2) throw new Error("not yet");
      received.push(bytes.toString());
      if (received.length === 1) await bus.publish("ticket:created", Buffer.from("b"), newIds());
    });
    await bus.publish("ticket:created", Buffer.from("a"), newIds());
    await broker.idle();
    expect(received).toEqual(["a", "b"]);
  });

  it("does not wait for a service without members", async () => {
    const broker = new MemoryBroker();
    const bus = broker.connect("orders");
    await bus.subscribe("ticket:created", async () => {}).close();
    await bus.publish("ticket:created", Buffer.from("a"), newIds());
    await broker.idle();
    expect(broker.published()).toHaveLength(1);
  });

  it("delivers nothing while it is stopped, and loses acknowledgements in flight", async () => {
    const broker = new MemoryBroker();
    const bus = broker.connect("orders");
    const redeliveriesHeard: number[] = [];
    await bus.publish("ticket:created", Buffer.from("a"), newIds());
    broker.stop();
    bus.subscribe("ticket:created", async ({ redeliveries }) => {
      redeliveriesHeard.push(redeliveries);
      if (redeliveries === 0) broker.stop();
    });
    await new Promise(setImmediate);
    expect(redeliveriesHeard).toEqual([]);
    broker.start();
    await new Promise(setImmediate);
    broker.start();
    await broker.idle();
    expect(redeliveriesHeard).toEqual([0, 1]);
  });

  it("lists published messages in order and by subject", async () => {
    const broker = new MemoryBroker();
    const bus = broker.connect("orders");
    await bus.publish("order:created", Buffer.from("a"), newIds());
    await bus.publish("order:cancelled", Buffer.from("b"), newIds());
    await bus.publish("order:created", Buffer.from("c"), newIds());
    expect(broker.published().map(({ bytes }) => bytes.toString())).toEqual(["a", "b", "c"]);
    expect(broker.published("order:created").map(({ bytes }) => bytes.toString())).toEqual(["a", "c"]);
  });
});
