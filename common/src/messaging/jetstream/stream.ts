import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { minutes, seconds } from "../../base/clock";
import type { Subject } from "../../contract/events";
import { durableOf, filterOf, streamName } from "../../contract/jetstream-names";
import type { Connected } from "./connection";

/** A header of messages that a bridge has copied from another broker. */
export const copyHeader = "EventHive-Copy";

export const maxInFlight = 64;

/** Counted for the whole group, so that stuck members leave room for up to 16 in all. */
const maxAckPending = 16 * maxInFlight;

// Codes of the server's errors, https://github.com/nats-io/nats-server/blob/main/server/errors.json
export const consumerNotFound = 10014;
export const streamNotFound = 10059;
const existsOtherwise = 10148;

export const hasCode = (error: unknown, code: number): boolean =>
  error instanceof JetStreamApiError && error.code === code;

type Made = Pick<Connected, "manager" | "replicas">;

/** Creates the stream if there is none. An existing one keeps its settings, which operators own. */
export async function ensureStream({ manager, replicas }: Made): Promise<void> {
  try {
    await manager.streams.info(streamName);
  } catch (error) {
    if (!hasCode(error, streamNotFound)) throw error;
    await manager.streams.add({
      name: streamName,
      subjects: [`${streamName}.>`],
      storage: StorageType.File,
      num_replicas: replicas,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New, // if an operator sets a limit, publishing fails there, and nothing is dropped
      duplicate_window: nanos(minutes(2)),
      deny_delete: true,
      deny_purge: true,
      allow_direct: true, // reading the log in batches
    });
  }
}

/** Creates a service's durable consumer, or brings it up to date. */
export async function ensureDurable(
  made: Made,
  service: string,
  subject: Subject,
  ackWaitSeconds: number,
): Promise<void> {
  const { manager } = made;
  const durable = durableOf(service, subject);
  const changeable = {
    ack_wait: nanos(seconds(ackWaitSeconds)),
    max_ack_pending: maxAckPending,
    max_deliver: -1, // with a limit, a message would be dropped silently; dead letters are the service's task
    filter_subject: filterOf(subject),
  };
  const fixed = { durable_name: durable, ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All };
  const add = () => manager.consumers.add(streamName, { ...fixed, ...changeable });
  try {
    await add();
  } catch (error) {
    if (hasCode(error, existsOtherwise)) await manager.consumers.update(streamName, durable, changeable);
    else if (hasCode(error, streamNotFound)) {
      await ensureStream(made);
      await add();
    } else throw error;
  }
}
