import { onFailpoint } from "../../base/failpoint";
import type { Subject } from "../../contract/events";
import type { EventBus, Message } from "../../messaging/event-bus";
import type { BrokerUnderTest } from "../event-bus-contract";
import { eventually } from "../eventually";
import { newIds } from "../ids";

/** Gives each test a broker of its own, and buses that are closed at its end. */
export function setUpBuses(startBroker: () => Promise<BrokerUnderTest>) {
  let broker: BrokerUnderTest;
  let opened: EventBus[];
  let publisher: EventBus;

  beforeEach(async () => {
    broker = await startBroker();
    opened = [];
    publisher = await connect("tickets");
  });

  afterEach(async () => {
    onFailpoint(undefined);
    await Promise.all(opened.map((bus) => bus.close()));
    await broker.remove();
  });

  async function connect(name: string, options?: { redelivers: "soon" }): Promise<EventBus> {
    const bus = open(name, options);
    await eventually(() => expect(bus.isConnected).toBe(true));
    return bus;
  }

  /** Long, so that a slow machine causes no redelivery in tests that are not about redelivery. */
  function open(name: string, options?: { redelivers: "soon" }): EventBus {
    const bus = broker.connect(name, options ? 1 : 10);
    opened.push(bus);
    return bus;
  }

  async function publishOn(subject: Subject, ...texts: string[]): Promise<void> {
    await Promise.all(texts.map((text) => publisher.publish(subject, Buffer.from(text), newIds())));
  }

  return {
    connect,
    open,
    publishOn,
    publish: (...texts: string[]) => publishOn("ticket:created", ...texts),
    get publisher() {
      return publisher;
    },
    stopBroker: () => broker.stop(),
    startBroker: () => broker.start(),
  };
}

export type Buses = ReturnType<typeof setUpBuses>;

export const textOf = (message: Message) => message.bytes.toString();

/** "100", "101" …: as many as wanted, and sorted as text. */
export const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${1000 + index}`);

/**
 * All that a bus receives, without repeats that the broker marks as such: NATS Streaming repeats at
 * once what it delivered while a subscription was starting and has no acknowledgement of yet.
 */
export function listen(bus: EventBus, received: string[] = []): string[] {
  bus.subscribe("ticket:created", async (message) => {
    if (message.redeliveries === 0 || !received.includes(textOf(message))) received.push(textOf(message));
  });
  return received;
}
