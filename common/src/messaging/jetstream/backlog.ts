import type { JetStreamManager } from "@nats-io/jetstream";
import { clock } from "../../base/clock";
import type { Subject } from "../../contract/events";
import { durableOf, filterOf, streamName } from "../../contract/jetstream-names";
import { consumerNotFound, hasCode, streamNotFound } from "./stream";

/** How long the oldest event that a service has not acknowledged has been in the stream; 0 if there is none. */
export async function undeliveredMs(
  manager: JetStreamManager,
  service: string,
  subject: Subject,
): Promise<number> {
  const acknowledged = await acknowledgedUpTo(manager, durableOf(service, subject));
  if (acknowledged === undefined) return 0;
  const next = { seq: acknowledged + 1, next_by_subj: filterOf(subject) };
  const oldest = await orNothing(manager.streams.getMessage(streamName, next), streamNotFound);
  return oldest ? Math.max(0, clock.now() - oldest.time.getTime()) : 0;
}

export async function storedBytes(manager: JetStreamManager): Promise<number> {
  const stream = await orNothing(manager.streams.info(streamName), streamNotFound);
  return stream?.state.bytes ?? 0;
}

/** Every event of its subject up to there; undefined when that is all of them. */
async function acknowledgedUpTo(manager: JetStreamManager, durable: string): Promise<number | undefined> {
  const consumer = await orNothing(
    manager.consumers.info(streamName, durable),
    consumerNotFound,
    streamNotFound,
  );
  if (!consumer) return 0;
  const { num_pending, num_ack_pending, ack_floor } = consumer;
  return num_pending + num_ack_pending > 0 ? ack_floor.stream_seq : undefined;
}

async function orNothing<T>(response: Promise<T>, ...codes: number[]): Promise<T | undefined> {
  try {
    return await response;
  } catch (error) {
    if (codes.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}
