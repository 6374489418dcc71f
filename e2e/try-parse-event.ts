import { type Event, type Subject, parseEvent } from "@eventhive/common";

/** Undefined if it is no valid event of the subject, because tests publish invalid messages too. */
export function tryParseEvent<S extends Subject>(subject: S, bytes: Buffer): Event<S> | undefined {
  try {
    return parseEvent(subject, bytes);
  } catch {
    return undefined;
  }
}
