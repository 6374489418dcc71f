import { z } from "zod";
import { type Subject, envelope, events } from "./events";

/** `order:created` as a key that needs no escape in a `$ref`, and as the name of a file. */
export const keyOf = (subject: Subject): string => subject.replace(":", "-");

/** A JSON Schema of what may be sent, in draft 7: what AsyncAPI's own schemas build on. */
export function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
  return rest;
}

/**
 * The JSON Schema (2020-12) of a subject's events, envelope included, without references to other files. Its `$id` is
 * a name, not an address, and never changes, because the contract only grows.
 */
export function eventSchema(subject: Subject): Record<string, unknown> {
  const event = envelope.extend({ type: z.literal(subject), data: events[subject] });
  const { $schema, ...rest } = z.toJSONSchema(event, { target: "draft-2020-12", io: "input" });
  return { $schema, $id: `urn:eventhive:event:${subject}`, title: subject, ...rest };
}
