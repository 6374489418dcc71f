import { seconds } from "../src/base/clock";
import type { EventBus } from "../src/messaging/event-bus";
import { newIds } from "../src/testing";
import type { BrokerProcess } from "./broker-process";
import { type BrokerUnderTest, describeEventBus } from "../src/testing/event-bus-contract";
import { eventually } from "../src/testing/eventually";
import { Gate } from "../src/testing/gate";
import { readLog } from "../src/testing/read-log";
import { freeze } from "./freeze";
import { endProcesses, run } from "./service-process";

export interface BusOptions {
  name: string;
  ackWaitSeconds?: number;
  /** As in a URL, with the `@`. */
  credentials?: string;
  maxSilenceMs?: number;
}

/** A broker that is a process of its own. */
export interface RealBroker extends BrokerProcess {
  connect(options: BusOptions): EventBus;
  /** What opens such a bus in another process. */
  optionsOf(options: BusOptions): object;
}

/** The contract of an adapter for a real broker: that of every bus, and what has to hold when processes fail. */
export function describeBroker(
  adapter: string,
  startBroker: (...settings: string[]) => Promise<RealBroker>,
): void {
  describeEventBus(adapter, async (): Promise<BrokerUnderTest> => {
    const broker = await startBroker();
    return { ...broker, connect: (name, ackWaitSeconds) => broker.connect({ name, ackWaitSeconds }) };
  });

  describe(`${adapter} under failures`, () => {
    jest.setTimeout(seconds(120));

    let broker: RealBroker;
    let buses: EventBus[] = [];
    let bus: EventBus;

    afterEach(async () => {
      await endProcesses();
      await Promise.all(buses.map((each) => each.close()));
      buses = [];
      await broker.remove();
    });

    async function start(...settings: string[]): Promise<void> {
      broker = await startBroker(...settings);
    }

    /** Unless a test is about redelivery, the ack wait is too long to cause any. */
    function open(options: Partial<BusOptions> = {}): EventBus {
      const opened = broker.connect({ name: "orders", ackWaitSeconds: 60, ...options });
      buses.push(opened);
      return opened;
    }

    async function connect(options: Partial<BusOptions> = {}): Promise<EventBus> {
      const opened = open(options);
      await eventually(() => expect(opened.isConnected).toBe(true));
      return opened;
    }

    async function startAndConnect(): Promise<void> {
      await start();
      bus = await connect();
    }

    const publish = (text: string) => bus.publish("ticket:created", Buffer.from(text), newIds());
    const publishAll = (texts: string[]) => Promise.all(texts.map((text) => eventually(() => publish(text))));

    function listen(member: EventBus, received = new Set<string>()): Set<string> {
      member.subscribe("ticket:created", async ({ bytes }) => void received.add(bytes.toString()));
      return received;
    }

    it("detects an unresponsive broker, and resumes when it responds again", async () => {
      await startAndConnect();
      const received = listen(bus);
      await publishAll(["a"]);
      await eventually(() => expect(received).toEqual(new Set(["a"])));
      await broker.freeze();
      await expect(publish("b")).rejects.toThrow();
      await eventually(() => expect(bus.isConnected).toBe(false));
      broker.thaw();
      await publishAll(["c"]);
      await eventually(() => expect(received).toContain("c"), { withinSeconds: 20 });
    });

    it("rejects pending publishes when the broker is killed, and restores subscriptions", async () => {
      await startAndConnect();
      await broker.freeze();
      const received = listen(bus);
      const outcome = Promise.allSettled([publish("a")]);
      await new Promise(setImmediate); // both requests are on their way
      await broker.stop();
      expect(await outcome).toMatchObject([{ reason: { message: "lost the connection to the broker" } }]);
      await broker.start();
      await publishAll(["b"]);
      await eventually(() => expect(received).toContain("b"));
    });

    it("continues with a broker that lost its store", async () => {
      await startAndConnect();
      const received = listen(bus);
      await publishAll(["a"]);
      await eventually(() => expect(received).toEqual(new Set(["a"])));
      await broker.stop();
      await broker.loseStore();
      await eventually(() => expect(bus.isConnected).toBe(false));
      await broker.start();
      await eventually(() => expect(bus.isConnected).toBe(true));
      await publish("b");
      await eventually(() => expect(received).toEqual(new Set(["a", "b"])));
      await publish("c");
      await eventually(() => expect(received).toContain("c"));
    });

    it("loses no message when the broker is killed right after an acknowledgement", async () => {
      await start();
      bus = await connect({ ackWaitSeconds: 2 });
      const received = listen(bus);
      const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
      await publishAll(texts);
      await eventually(() => expect(received.size).toBeGreaterThan(0));
      await broker.stop(); // it redelivers messages whose acknowledgements it had not stored
      await broker.start();
      await publishAll(["last"]);
      await eventually(() => expect(received).toEqual(new Set([...texts, "last"])));
    });

    it("delivers every message after each of several kills", async () => {
      await start();
      bus = await connect({ ackWaitSeconds: 2 });
      const received = listen(bus);
      for (const round of ["a", "b", "c", "d"]) {
        const texts = Array.from({ length: 100 }, (_, index) => `${round}${index}`);
        const publishing = publishAll(texts);
        await broker.stop();
        await broker.start();
        await publishing;
        await eventually(() => expect([...received]).toEqual(expect.arrayContaining(texts)), {
          withinSeconds: 20,
        });
      }
    });

    it("redelivers the message of a stuck member to another member", async () => {
      await start();
      bus = await connect({ ackWaitSeconds: 1 });
      let isTaken = false;
      bus.subscribe("ticket:created", () => {
        isTaken = true;
        return new Promise(() => {});
      });
      await publish("a");
      await eventually(() => expect(isTaken).toBe(true));
      const received = listen(await connect({ ackWaitSeconds: 1 }));
      await eventually(() => expect(received).toEqual(new Set(["a"])));
    });

    it("delivers to other members while one is stuck with as many messages as it can handle", async () => {
      await startAndConnect();
      const gate = new Gate();
      let stuck = 0;
      bus.subscribe("ticket:created", async () => {
        stuck += 1;
        await gate.opened;
      });
      await publishAll(Array.from({ length: 64 }, (_, index) => `${index}`));
      await eventually(() => expect(stuck).toBe(64));
      const received = listen(await connect());
      await publish("another");
      await eventually(() => expect(received).toContain("another"), { withinSeconds: 5 });
      gate.open();
    });

    it("redelivers the messages of a frozen process to another member", async () => {
      await start();
      const file = `${__dirname}/bus-member.ts`;
      const options = { name: "orders", ackWaitSeconds: 1 };
      const member = run({ file, args: [adapter, JSON.stringify(broker.optionsOf(options))] });
      bus = await connect({ name: "tickets" });
      await publish("a");
      await eventually(() => expect(member.printed()).toContain("a"));
      await freeze(member.pid);
      const texts = Array.from({ length: 100 }, (_, index) => `b${index}`);
      await publishAll(texts);
      const received = listen(await connect(options));
      await eventually(() => expect([...received]).toEqual(expect.arrayContaining(texts)));
    });

    it("returns messages that arrive while a subscription closes", async () => {
      await startAndConnect();
      const texts = Array.from({ length: 500 }, (_, index) => `${index}`);
      const received = new Set<string>();
      const leaver = await connect();
      let leaving: Promise<void> | undefined;
      const subscription = leaver.subscribe("ticket:created", async ({ bytes }) => {
        received.add(bytes.toString());
        leaving ??= subscription.close();
      });
      await publishAll(texts);
      await eventually(() => expect(leaving).toBeDefined());
      await leaving;
      listen(bus, received);
      await eventually(() => expect(received.size).toBe(500), { withinSeconds: 30 }); // half of the ack wait
    });

    it("receives only what it can handle, so that no message waits for redelivery", async () => {
      await startAndConnect();
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

    it("publishes 20,000 messages at once", async () => {
      await startAndConnect();
      const publishing = Promise.all(Array.from({ length: 20_000 }, () => publish("a")));
      await expect(publishing).resolves.toHaveLength(20_000);
    });

    it("closes within seconds while the broker is unresponsive, and reports no message as stored", async () => {
      await startAndConnect();
      bus.subscribe("ticket:created", async () => {});
      await broker.freeze();
      const outcome = Promise.allSettled([publish("a")]);
      await new Promise(setImmediate); // it is on its way
      const closing = performance.now();
      await bus.close();
      expect(performance.now() - closing).toBeLessThan(seconds(6));
      expect(await outcome).toMatchObject([{ status: "rejected" }]);
    });

    it("closes although a handler does not finish, and its message is redelivered", async () => {
      await start();
      bus = await connect({ ackWaitSeconds: 1 });
      await publish("a");
      let isTaken = false;
      bus.subscribe("ticket:created", () => {
        isTaken = true;
        return new Promise(() => {});
      });
      await eventually(() => expect(isTaken).toBe(true));
      await bus.close();
      const received = listen(open({ ackWaitSeconds: 1 }));
      await eventually(() => expect(received).toEqual(new Set(["a"])));
    });

    it("closes before it has ever connected", async () => {
      await start();
      await broker.stop();
      bus = open();
      listen(bus);
      await bus.close();
      expect(bus.isConnected).toBe(false);
    });

    async function sequencesOfLog(reader = bus, onBatch = async () => {}): Promise<number[]> {
      const sequences: number[] = [];
      for await (const batch of readLog(reader, "ticket:created")) {
        sequences.push(...batch.map(({ sequence }) => sequence));
        await onBatch();
      }
      return sequences;
    }

    it("continues to read a log after the broker was killed", async () => {
      await startAndConnect();
      await Promise.all(Array.from({ length: 600 }, () => publish("a")));
      let kills = 0;
      const read = await sequencesOfLog(bus, async () => {
        if (kills++ > 0) return;
        await broker.stop();
        await broker.start();
      });
      expect(read).toEqual(Array.from({ length: 600 }, (_, index) => index + 1));
    });

    it("does not mistake an unresponsive broker for the end of a log", async () => {
      await start();
      bus = await connect({ maxSilenceMs: 1500 });
      await Promise.all(Array.from({ length: 600 }, () => publish("a")));
      const silent = /^The broker sent nothing on ticket:created for 1.5 s/;
      const interrupted = sequencesOfLog(bus, () => broker.freeze());
      await expect(interrupted).rejects.toThrow(silent);
      await expect(sequencesOfLog()).rejects.toThrow(silent);
      broker.thaw();
      await eventually(async () => expect(await sequencesOfLog()).toHaveLength(600));
    });

    it.each([
      ["a user and a password", "hive:s%2Fcret@", ["-user", "hive", "-pass", "s/cret"]],
      ["a token", "s%2Fcret@", ["-auth", "s/cret"]],
    ])("authenticates with %s from the URL", async (_, credentials, settings) => {
      await start(...settings);
      bus = await connect({ credentials });
      await expect(publish("a")).resolves.toBeUndefined();
      const stranger = open();
      await expect(stranger.publish("ticket:created", Buffer.from("b"), newIds())).rejects.toThrow(
        "unavailable",
      );
    });
  });
}
