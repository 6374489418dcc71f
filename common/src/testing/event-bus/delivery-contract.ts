import { eventually } from "../eventually";
import { Gate } from "../gate";
import { newIds } from "../ids";
import { type Buses, listen, numbers, textOf } from "./buses";

/** Which messages a subscriber receives, and when. */
export function describeDelivery(buses: Buses): void {
  const { connect, open, publish, publishOn } = buses;

  it("delivers exactly the bytes that were published", async () => {
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const given = Buffer.from(everyByte);
    const received: Record<string, Buffer> = {};
    const listenFor = (name: string) =>
      open(name).subscribe("ticket:created", async ({ bytes }) => {
        received[name] = Buffer.from(bytes);
        bytes.fill(0); // no other listener sees this
      });
    listenFor("orders");
    listenFor("payments");
    await buses.publisher.publish("ticket:created", given, newIds());
    given.fill(0); // nor this
    listenFor("expiration");
    const expected = { orders: everyByte, payments: everyByte, expiration: everyByte };
    await eventually(() => expect(received).toEqual(expected));
  });

  it("redelivers a message when its handler rejects, and counts redeliveries", async () => {
    const redeliveries: number[] = [];
    await publish("a");
    (await connect("orders", { redelivers: "soon" })).subscribe("ticket:created", async (message) => {
      redeliveries.push(message.redeliveries);
      if (redeliveries.length < 3) throw new Error("not yet");
    });
    await eventually(() => expect(redeliveries).toEqual([0, 1, 2]));
  });

  it("gives each message to one member of a group, and to every group", async () => {
    const orders: string[] = [];
    listen(await connect("orders"), orders);
    listen(await connect("orders"), orders);
    const payments = listen(await connect("payments"));
    await publish(...numbers(50));
    await eventually(() => {
      expect(orders.toSorted()).toEqual(numbers(50));
      expect(payments.toSorted()).toEqual(numbers(50));
    });
  });

  it("delivers earlier events to a new group", async () => {
    await publish("a", "b");
    const received = listen(await connect("orders"));
    await eventually(() => expect(received.toSorted()).toEqual(["a", "b"]));
  });

  it("keeps a group's position while it has no members", async () => {
    const before = await connect("orders");
    const receivedBefore = listen(before);
    await publish("a", "b");
    await eventually(() => expect(receivedBefore.toSorted()).toEqual(["a", "b"]));
    await before.close();
    await publish("c", "d");
    const received = listen(await connect("orders"));
    await eventually(() => expect(received.toSorted()).toEqual(["c", "d"]));
  });

  it("finishes messages in flight when a subscription closes, and accepts no new ones", async () => {
    const bus = await connect("orders");
    const gate = new Gate();
    const taken: string[] = [];
    const finished: string[] = [];
    await publish("a");
    const subscription = bus.subscribe("ticket:created", async (message) => {
      taken.push(textOf(message));
      await gate.opened;
      finished.push(textOf(message));
    });
    await eventually(() => expect(taken).toEqual(["a"]));
    let isClosed = false;
    const closed = subscription.close().finally(() => {
      isClosed = true;
    });
    await publish("b");
    expect(isClosed).toBe(false);
    gate.open();
    await closed;
    expect([taken, finished]).toEqual([["a"], ["a"]]);
    await publish("c");
    const receivedLater = listen(bus);
    await eventually(() => expect(receivedLater.toSorted()).toEqual(["b", "c"]));
  });

  it("delivers 1,000 messages to five members", async () => {
    const received: string[] = [];
    for (let member = 0; member < 5; member++) listen(await connect("orders"), received);
    await publish(...numbers(1000));
    await eventually(() => expect(new Set(received).size).toBe(1000));
  });

  it("delivers at most 64 messages to a member at a time", async () => {
    const gate = new Gate();
    let running = 0;
    let maxRunning = 0;
    const handled = new Set<string>();
    const bus = await connect("orders", { redelivers: "soon" });
    bus.subscribe("ticket:created", async (message) => {
      running += 1;
      maxRunning = Math.max(maxRunning, running);
      await gate.opened;
      running -= 1;
      handled.add(textOf(message));
    });
    const reference = listen(await connect("payments"));
    await publish(...numbers(200));
    await eventually(() => expect([running, new Set(reference).size]).toEqual([64, 200]));
    await publishOn("ticket:updated", "a");
    let redeliveries = 0;
    bus.subscribe("ticket:updated", async (message) => {
      redeliveries = message.redeliveries;
      if (redeliveries < 2) throw new Error("not yet");
    });
    await eventually(() => expect(redeliveries).toBe(2)); // by then, a broker may have redelivered messages that are still being handled
    gate.open();
    await eventually(() => expect(handled.size).toBe(200));
    expect(maxRunning).toBe(64);
  });

  it("delivers other messages while one is always rejected", async () => {
    const received = new Set<string>();
    let refusals = 0;
    (await connect("orders", { redelivers: "soon" })).subscribe("ticket:created", async (message) => {
      if (textOf(message) !== "poison") return void received.add(textOf(message));
      refusals += 1;
      throw new Error("poison");
    });
    await publish("poison");
    await publish(...numbers(100));
    await eventually(() => expect(received.size).toBe(100));
    await eventually(() => expect(refusals).toBeGreaterThan(1));
  });
}
