import { seconds } from "../base/clock";
import { onFailpoint } from "../base/failpoint";
import type { EventBus, LoggedMessage, Message } from "../messaging/event-bus";
import { eventually } from "./eventually";
import { Gate } from "./gate";
import { newIds } from "./ids";
import { readLog } from "./read-log";

/**
 * A broker that the suite controls: a real process, or an in-memory one.
 * @example
 * const broker = new MemoryBroker();
 * const brokerUnderTest: BrokerUnderTest = {
 *   connect: (name) => broker.connect(name),
 *   stop: async () => broker.stop(),
 *   start: async () => broker.start(),
 *   remove: async () => broker.stop(),
 * };
 */
export interface BrokerUnderTest {
  /**
   * A message not acknowledged by then is delivered again. A broker that notices a failure at once may do so earlier.
   */
  connect(name: string, ackWaitSeconds: number): EventBus;
  /** Kills it. Stored messages are kept. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and deletes its data. */
  remove(): Promise<void>;
}

/**
 * The contract test suite of an EventBus, for jest with its globals. Each test has its own broker.
 * @example
 * describeEventBus("the broker in memory", async () => {
 *   const broker = new MemoryBroker();
 *   return {
 *     connect: (name, _ackWaitSeconds) => broker.connect(name),
 *     stop: async () => broker.stop(),
 *     start: async () => broker.start(),
 *     remove: async () => {},
 *   };
 * });
 */
export function describeEventBus(adapter: string, startBroker: () => Promise<BrokerUnderTest>): void {
  describe(adapter, () => {
    jest.setTimeout(seconds(30));

    let broker: BrokerUnderTest;
    let buses: EventBus[];
    let publisher: EventBus;

    beforeEach(async () => {
      broker = await startBroker();
      buses = [];
      publisher = await connect("tickets");
    });

    afterEach(async () => {
      onFailpoint(undefined);
      await Promise.all(buses.map((bus) => bus.close()));
      await broker.remove();
    });

    async function connect(name: string, options?: { redelivers: "soon" }): Promise<EventBus> {
      const bus = open(name, options);
      await eventually(() => expect(bus.isConnected).toBe(true));
      return bus;
    }

    /** Unless a test is about redelivery, none comes because a slow machine took a second to acknowledge. */
    function open(name: string, options?: { redelivers: "soon" }): EventBus {
      const bus = broker.connect(name, options ? 1 : 10);
      buses.push(bus);
      return bus;
    }

    async function publish(...texts: string[]): Promise<void> {
      await Promise.all(
        texts.map((text) => publisher.publish("ticket:created", Buffer.from(text), newIds())),
      );
    }

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
      await publisher.publish("ticket:created", given, newIds());
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
      await publisher.publish("ticket:updated", Buffer.from("a"), newIds());
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

    it("reports for how long an event waits for a group, whether it is stuck or has no members", async () => {
      const bus = await connect("orders");
      const waits = async () => Number(await bus.undeliveredMs("ticket:created"));
      const gate = new Gate();
      const subscription = bus.subscribe("ticket:created", () => gate.opened);
      listen(await connect("payments")); // each group has its own position
      expect(await waits()).toBe(0);
      await publish("a", "b");
      await eventually(async () => expect(await waits()).toBeGreaterThan(100));
      gate.open();
      await eventually(async () => expect(await waits()).toBe(0));
      await subscription.close();
      await publish("c");
      await eventually(async () => expect(await waits()).toBeGreaterThan(seconds(1))); // long handled by the others
      await bus.close();
      const successor = await connect("orders");
      listen(successor);
      await eventually(async () => expect(await successor.undeliveredMs("ticket:created")).toBe(0));
    });

    it("reports how much the broker has stored", async () => {
      const bus = await connect("orders");
      const stored = async () => Number(await bus.storedBytes());
      const before = await stored();
      await publish("a".repeat(1000), "b".repeat(1000));
      expect((await stored()) - before).toBeGreaterThanOrEqual(2000);
      expect((await stored()) - before).toBeLessThan(3000);
    });

    it("sends new events to every watcher, and stores nothing for them", async () => {
      await publish("old");
      const [one, other] = [await connect("orders"), await connect("orders")];
      const [seen, seenByOther] = [await watch(one), await watch(other)];
      await publish("new");
      await eventually(() => expect([seen.texts, seenByOther.texts]).toEqual([["new"], ["new"]]));
      await seen.close();
      await publish("missed");
      await eventually(() => expect(seenByOther.texts).toEqual(["new", "missed"]));
      const seenLater = await watch(one);
      await publish("newer");
      await eventually(() => expect(seenLater.texts).toEqual(["newer"]));
      expect(seen.texts).toEqual(["new"]);
    });

    it("reads a log in order up to its end at the start, whatever is published in the meantime", async () => {
      await publish(...numbers(50)); // another channel's
      const texts = numbers(700);
      for (const text of texts) await publisher.publish("ticket:updated", Buffer.from(text), newIds());
      const read: LoggedMessage[] = [];
      let batches = 0;
      for await (const batch of readLog(await connect("orders"), "ticket:updated")) {
        expect(batch.length).toBeLessThanOrEqual(256);
        batches += 1;
        read.push(...batch);
        for (const text of numbers(batch.length + 1))
          await publisher.publish("ticket:updated", Buffer.from(text), newIds());
      }
      expect(read.map(({ bytes }) => bytes.toString())).toEqual(texts);
      const positions = read.map(({ sequence }) => sequence);
      expect(positions).toEqual([...new Set(positions)].toSorted((one, other) => one - other));
      expect(positions[0]).toBeGreaterThan(0);
      expect(batches).toBeGreaterThan(2);
    });

    it("reads a log from after a position", async () => {
      await publisher.publish("ticket:updated", Buffer.from("a"), newIds());
      await publisher.publish("ticket:updated", Buffer.from("b"), newIds());
      await publisher.publish("ticket:updated", Buffer.from("c"), newIds());
      const bus = await connect("orders");
      const [first, , last] = (await readAll(bus)).map(({ sequence }) => sequence);
      expect(await textsOfLog(bus, first)).toEqual(["b", "c"]);
      expect(await textsOfLog(bus, last)).toEqual([]);
      expect(await textsOfLog(bus, Number(last) + 1)).toEqual(["a", "b", "c"]); // a position in an older log that was lost
    });

    it("reads an empty log to its end", async () => {
      expect(await textsOfLog(await connect("orders"))).toEqual([]);
    });

    it("rejects publishing while the broker is unavailable, and resumes afterwards", async () => {
      const received = listen(await connect("orders", { redelivers: "soon" }));
      await publish("a");
      await eventually(() => expect(received).toEqual(["a"]));
      await broker.stop();
      await eventually(() => expect(publisher.isConnected).toBe(false));
      await expect(publish("refused")).rejects.toThrow("unavailable");
      const receivedByNewcomer = listen(open("payments"));
      await broker.start();
      await eventually(() => publish("b"));
      await eventually(() => {
        expect(new Set(received)).toEqual(new Set(["a", "b"]));
        expect(new Set(receivedByNewcomer)).toEqual(new Set(["a", "b"]));
      });
    });

    it("loses nothing that was stored when the broker is killed in mid-stream", async () => {
      const received = listen(await connect("orders", { redelivers: "soon" }));
      const left = numbers(500);
      let restarted: Promise<void> | undefined;
      async function publishAll(): Promise<void> {
        for (let text = left.shift(); text; text = left.shift()) {
          const message = text;
          await eventually(() => publish(message));
          if (left.length < 350) restarted ??= broker.stop().then(() => broker.start());
        }
      }
      await Promise.all(Array.from({ length: 20 }, publishAll));
      await restarted;
      await eventually(() => expect([...new Set(received)].toSorted()).toEqual(numbers(500)));
    });

    it("redelivers messages that a crash left unacknowledged, and no others", async () => {
      const passed: string[] = [];
      onFailpoint((failpoint) => {
        passed.push(failpoint);
        if (failpoint === "orders.ack.before" && passed.indexOf(failpoint) === passed.length - 1)
          throw new Error("crash");
      });
      await publish("a");
      listen(await connect("orders", { redelivers: "soon" }));
      await eventually(() => expect(passed).toContain("orders.ack.after"));
      expect(passed.filter((one) => one.startsWith("orders"))).toEqual([
        "orders.ack.before",
        "orders.ack.before",
        "orders.ack.after",
      ]);
      expect(passed.filter((one) => one.startsWith("tickets"))).toEqual([
        "tickets.publish.before",
        "tickets.publish.after",
      ]);
    });

    it("can subscribe before the broker is available", async () => {
      await publish("a");
      await broker.stop();
      const received = listen(open("orders"));
      await broker.start();
      await eventually(() => expect(received).toEqual(["a"]));
    });

    async function readAll(bus: EventBus, after?: number): Promise<LoggedMessage[]> {
      const all: LoggedMessage[] = [];
      for await (const batch of readLog(bus, "ticket:updated", { after })) all.push(...batch);
      return all;
    }

    const textsOfLog = async (bus: EventBus, after?: number): Promise<string[]> =>
      (await readAll(bus, after)).map(({ bytes }) => bytes.toString());

    /** Begins to watch, and waits until it does. */
    async function watch(bus: EventBus) {
      const texts: string[] = [];
      const signs: string[] = [];
      const subscription = bus.watch("ticket:created", (message) => {
        (textOf(message) === "sign" ? signs : texts).push(textOf(message));
      });
      await eventually(async () => {
        await publish("sign");
        expect(signs).not.toEqual([]);
      });
      return { texts, close: () => subscription.close() };
    }
  });
}

const textOf = (message: Message) => message.bytes.toString();

/** "100", "101" …: as many as wanted, and sorted as text. */
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${1000 + index}`);

/**
 * All that a bus hears, but not again what it has received and the broker marks as repeated: NATS Streaming repeats at
 * once what it delivered while a subscription was starting and has no acknowledgement of yet.
 */
function listen(bus: EventBus, received: string[] = []): string[] {
  bus.subscribe("ticket:created", async (message) => {
    if (message.redeliveries === 0 || !received.includes(textOf(message))) received.push(textOf(message));
  });
  return received;
}
