import { clock } from "../base/clock";
import { withContext } from "../base/context";
import { MemoryBroker } from "../testing";
import { publisher } from "./publisher";

const orderId = "a".repeat(24);
const broker = new MemoryBroker();
const connected = () => {
  const expirationComplete = publisher("expiration:complete");
  expirationComplete.connect(broker.connect("expiration"), "expiration");
  return expirationComplete;
};

afterEach(() => {
  clock.use();
  broker.start();
});

it("publishes an event with its service as source, in the trace of its cause", async () => {
  clock.use(() => Date.parse("2026-01-02T03:04:05.678Z"));
  const traceparent = `00-${"c".repeat(32)}-${"b".repeat(16)}-01`;
  await withContext({ traceparent }, () => connected().publish(orderId, { orderId }));
  expect(broker.published().map(({ bytes }) => JSON.parse(bytes.toString()))).toEqual([
    {
      specversion: "1.0",
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      source: "expiration",
      type: "expiration:complete",
      subject: orderId,
      time: "2026-01-02T03:04:05.678Z",
      traceparent: expect.stringContaining("c".repeat(32)),
      data: { orderId },
    },
  ]);
});

it("rejects when the broker did not store it", async () => {
  broker.stop();
  await expect(connected().publish(orderId, { orderId })).rejects.toThrow("the broker is unavailable");
});

it("rejects events that violate the contract", async () => {
  const before = broker.published().length;
  await expect(connected().publish(orderId, { orderId: "1" })).rejects.toThrow("orderId");
  expect(broker.published()).toHaveLength(before);
});

it("names the missing declaration if it is not connected", async () => {
  await expect(publisher("expiration:complete").publish(orderId, { orderId })).rejects.toThrow(
    "startService",
  );
});
