import document from "@eventhive/common/asyncapi.json";
import { type Schema, nameOf } from "./document";

/** What the page about events reads of the AsyncAPI document. */
interface EventsDocument {
  channels: Record<string, { address: string; summary: string }>;
  operations: Record<string, { action: "send" | "receive"; channel: Reference; tags: { name: string }[] }>;
  components: { messages: Record<string, Message>; schemas: Record<string, Schema> };
}

interface Reference {
  $ref: string;
}

interface Message {
  payload: { properties: { data: Reference } };
  examples: { payload: unknown }[];
}

/** An event, as the page shows it. */
export interface EventOverview {
  key: string;
  subject: string;
  /** When it is published. */
  when: string;
  publisher: string;
  consumers: string[];
  /** The name of the schema of its data. */
  data: string;
  example: unknown;
}

const { channels, operations, components } = document as unknown as EventsDocument;

export const eventSchemas = components.schemas;

export const allEvents = Object.entries(channels).map(([key, { address, summary }]): EventOverview => {
  const servicesThat = (wanted: string) =>
    Object.values(operations)
      .filter(({ action, channel }) => action === wanted && nameOf(channel.$ref) === key)
      .flatMap(({ tags }) => tags.map(({ name }) => name));
  const [publisher = ""] = servicesThat("send");
  const message = components.messages[key];
  return {
    key,
    subject: address,
    when: summary,
    publisher,
    consumers: servicesThat("receive"),
    data: nameOf(message?.payload.properties.data.$ref ?? ""),
    example: message?.examples[0]?.payload,
  };
});
