import { type Event, type Subject, parseEvent } from "@eventhive/common";

/** Nothing when it is no event of the channel: tests put poison on the channels too. */
export function readableEvent<S extends Subject>(subject: S, bytes: Buffer): Event<S> | undefined {
  try {
    return parseEvent(subject, bytes);
  } catch {
    return undefined;
  }
}
