import { type Context, currentContext } from "../base/context";
import { parseEvent } from "../contract/events";
import { MemoryBroker, eventBytes, newId } from "../testing";
import { publishEvent } from "./publish-event";

const cause = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
const broker = new MemoryBroker();
const expiration = () =>
  parseEvent("expiration:complete", eventBytes("expiration:complete", { orderId: newId() }));

it("sends an event unchanged, with its own span in the trace of its cause", async () => {
  const event = { ...expiration(), traceparent: cause };
  const contexts: (Context | undefined)[] = [];
  const bus = broker.connect("samples");
  await publishEvent(
    {
      ...bus,
      publish: async (...message) => {
        contexts.push(currentContext());
        await bus.publish(...message);
      },
    },
    event,
  );
  const [sent] = broker.published().map(({ bytes }) => JSON.parse(bytes.toString()));
  expect(sent).toEqual({
    ...event,
    traceparent: expect.stringMatching(`^00-${"a".repeat(32)}-(?!b{16})[0-9a-f]{16}-01$`),
  });
  expect(contexts).toEqual([{ traceparent: sent.traceparent, eventId: event.id }]);
});
