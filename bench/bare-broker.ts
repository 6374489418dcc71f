import { randomUUID } from "node:crypto";
import { jetstreamManager } from "@nats-io/jetstream";
import * as nats from "@nats-io/transport-node";
import { type Message, connect } from "node-nats-streaming";
import { brokerOf, jetStream } from "../infra/local/known-servers";

/** A broker, used through its client only. */
export interface BareBroker {
  /** Resolves when the message is stored. */
  publish(subject: string, text: string): Promise<void>;
  /** Joins a group, and acknowledges what was handled. */
  subscribe(subject: string, group: string, handle: (text: string) => Promise<void>): Promise<void>;
}

export const connectBareBroker = (url: string): Promise<BareBroker> =>
  brokerOf(process.env) === jetStream ? connectJetStream(url) : connectNatsStreaming(url);

async function connectNatsStreaming(url: string): Promise<BareBroker> {
  const stan = connect("eventhive", `bare-${randomUUID()}`, { url });
  await new Promise((resolve) => stan.once("connect", resolve));
  return {
    publish: (subject, text) =>
      new Promise((resolve, reject) => {
        stan.publish(subject, text, (error) => (error ? reject(error) : resolve()));
      }),
    subscribe: async (subject, group, handle) => {
      const options = stan.subscriptionOptions().setManualAckMode(true).setMaxInFlight(64);
      stan.subscribe(subject, group, options).on("message", (message: Message) => {
        void handle(message.getRawData().toString()).then(() => message.ack());
      });
    },
  };
}

async function connectJetStream(servers: string): Promise<BareBroker> {
  const manager = await jetstreamManager(await nats.connect({ servers }));
  await manager.streams.add({ name: "bare", subjects: ["bare.>"] });
  const client = manager.jetstream();
  return {
    publish: async (subject, text) => {
      await client.publish(`bare.${subject}`, text);
    },
    subscribe: async (subject, group, handle) => {
      const settings = {
        durable_name: group,
        filter_subject: `bare.${subject}`,
        ack_policy: "explicit",
      } as const;
      await manager.consumers.add("bare", { ...settings, max_ack_pending: 64 });
      const consumer = await client.consumers.get("bare", group);
      await consumer.consume({
        max_messages: 64,
        callback: (message) => void handle(message.string()).then(() => message.ack()),
      });
    },
  };
}
