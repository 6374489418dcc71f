import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { minutes, seconds } from "../../base/clock";
import type { Subject } from "../../contract/events";

/** The log of all events. Kept as it is: where it grows too large, a new one is filled by `republish`. */
export const streamName = "eventhive";

/** With the aggregate as its last token, so that the broker keeps its order, and permissions can name the event. */
export const subjectOf = (subject: Subject, aggregateId: string): string =>
  `${streamName}.${subject.replace(":", ".")}.${aggregateId}`;

export const filterOf = (subject: Subject): string => subjectOf(subject, "*");

/** One for each event: several filters in one could not be limited by permissions. */
export const durableOf = (service: string, subject: Subject): string => `${service}-${subject}`;

export const maxInFlight = 64;

/** Counted for the whole group: members that are stuck with all that they can hold leave the others room. */
const maxAckPending = 16 * maxInFlight;

// Codes of the server's errors, https://github.com/nats-io/nats-server/blob/main/server/errors.json
export const consumerNotFound = 10014;
export const streamNotFound = 10059;
const existsOtherwise = 10148;

export const hasCode = (error: unknown, code: number): boolean =>
  error instanceof JetStreamApiError && error.code === code;

/** Creates the stream where there is none; one that exists keeps its settings, such as its replicas. */
export async function ensureStream(manager: JetStreamManager): Promise<void> {
  try {
    await manager.streams.info(streamName);
  } catch (error) {
    if (!hasCode(error, streamNotFound)) throw error;
    await manager.streams.add({
      name: streamName,
      subjects: [`${streamName}.>`],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New, // at a limit that an operator sets, publishing fails, and nothing is dropped
      duplicate_window: nanos(minutes(2)),
      deny_delete: true,
      deny_purge: true,
      allow_direct: true, // reading the log in batches
    });
  }
}

/** Creates a service's durable consumer, or brings it up to date. */
export async function ensureDurable(
  manager: JetStreamManager,
  service: string,
  subject: Subject,
  ackWaitSeconds: number,
): Promise<void> {
  const durable = durableOf(service, subject);
  const changeable = {
    ack_wait: nanos(seconds(ackWaitSeconds)),
    max_ack_pending: maxAckPending,
    max_deliver: -1, // at a limit, a message would leave the group silently; dead letters are ours
    filter_subject: filterOf(subject),
  };
  const fixed = { durable_name: durable, ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All };
  const add = () => manager.consumers.add(streamName, { ...fixed, ...changeable });
  try {
    await add();
  } catch (error) {
    if (hasCode(error, existsOtherwise)) await manager.consumers.update(streamName, durable, changeable);
    else if (hasCode(error, streamNotFound)) {
      await ensureStream(manager);
      await add();
    } else throw error;
  }
}
