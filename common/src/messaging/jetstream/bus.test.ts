import { describeBroker } from "../../../test/broker-contract";
import { eventually } from "../../../test/eventually";
import { startJetStreamBroker } from "../../../test/jetstream-broker";
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
  let bus: EventBus;

  beforeEach(async () => {
    broker = await startJetStreamBroker();
    bus = jetStreamBus({ url: broker.url(), name: "orders" });
    await eventually(() => expect(bus.isConnected).toBe(true));
  });
  afterEach(async () => {
    await bus.close();
    await broker.remove();
  });

  async function storedTexts(): Promise<string[]> {
    const texts: string[] = [];
    for await (const batch of bus.readLog("ticket:created"))
      texts.push(...batch.map(({ bytes }) => bytes.toString()));
    return texts;
  }

  it("stores an event once that is published again", async () => {
    const ids = newIds();
    await bus.publish("ticket:created", Buffer.from("a"), ids);
    await bus.publish("ticket:created", Buffer.from("a"), ids);
    await bus.publish("ticket:created", Buffer.from("b"), newIds());
    expect(await storedTexts()).toEqual(["a", "b"]);
  });
});
