import { type EventData, type Subject, parseEvent } from "../contract/events";
import type { EventBus } from "./event-bus";

/** Receives every new event in every process. Nothing is stored or repeated: for live pages, never for data. */
export interface Watcher<S extends Subject = Subject> {
  /** @returns a function that stops it */
  watch(handle: (data: EventData<S>) => void): () => void;
  /** Called by startService. */
  connect(bus: EventBus): void;
}

/** List it in `watchers` of the service, which connects it once for all handlers. */
export function watcher<S extends Subject>(...subjects: S[]): Watcher<S> {
  const watching = new Set<(data: EventData<S>) => void>();
  let isConnected = false;
  return {
    connect: (bus) => {
      isConnected = true;
      for (const subject of subjects)
        bus.watch(subject, ({ bytes }) => {
          const { data } = parseEvent(subject, bytes);
          for (const handle of watching) handle(data);
        });
    },
    watch: (handle) => {
      if (!isConnected)
        throw new Error(
          `The watcher of ${subjects.join(" and ")} is not connected: name it in startService()`,
        );
      watching.add(handle);
      return () => void watching.delete(handle);
    },
  };
}
