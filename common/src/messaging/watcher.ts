import { type EventData, type Subject, parseEvent } from "../contract/events";
import type { EventBus } from "./event-bus";

/**
 * Receives every new event in every process. Nothing is stored or repeated: for live pages, never for data.
 * @example
 * const logTitles = (tickets: Watcher<"ticket:updated">) => tickets.watch(({ title }) => logger.info(title));
 */
export interface Watcher<S extends Subject = Subject> {
  /** @returns a function that stops it */
  watch(handle: (data: EventData<S>) => void): () => void;
  /** Called by startService. */
  connect(bus: EventBus): void;
}

/**
 * List it in `watchers` of the service, which connects it once for all handlers.
 * @example
 * const changes = watcher("ticket:created", "ticket:updated");
 * startService({ name: "tickets", store: { database }, watchers: [changes] });
 * const stop = changes.watch(({ id, status }) => logger.info({ id, status }, "a ticket has changed"));
 */
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
