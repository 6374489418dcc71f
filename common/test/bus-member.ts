import { jetStreamBus } from "../src/messaging/jetstream/bus";
import { natsStreamingBus } from "../src/messaging/nats-streaming/bus";

// A member of a group in a process of its own, which a test can freeze: ADAPTER OPTIONS
const [, , adapter = "", options = ""] = process.argv;
const open = { "the bus on NATS Streaming": natsStreamingBus, "the bus on JetStream": jetStreamBus }[adapter];
open?.(JSON.parse(options)).subscribe(
  "ticket:created",
  async ({ bytes }) => void process.stdout.write(`${bytes.toString()}\n`),
);
