import { setTimeout as delay } from "node:timers/promises";
import type { BatchCallback, JetStreamManager, StoredMsg } from "@nats-io/jetstream";
import { seconds } from "../../base/clock";
import { logger } from "../../base/logger";
import { withTimeout } from "../../base/with-timeout";
import type { Subject } from "../../contract/events";
import { filterOf, streamName } from "../../contract/jetstream-names";
import { type LoggedMessage, logBatchSize } from "../event-bus";
import type { Connected, JetStreamConnection } from "./connection";
import { ensureStream } from "./stream";

const retryMs = 250;
const responseTimeout = seconds(5);

export interface JetStreamLogOptions {
  /** After this long without a response, reading fails. */
  maxSilenceMs?: number;
}

/**
 * Reads the messages of a subject from after a sequence up to the one that is its last at the beginning. Batches are
 * requested by their positions, so the broker stores no state for the reader.
 */
export async function* readJetStreamLog(
  connection: JetStreamConnection,
  subject: Subject,
  after: number,
  { maxSilenceMs = seconds(60) }: JetStreamLogOptions,
): AsyncGenerator<LoggedMessage[]> {
  const filter = filterOf(subject);

  // From the leader, because another replica may not have the last messages yet.
  const last = await untilSuccessful(async (made) => {
    await ensureStream(made);
    const message = await made.manager.streams.getMessage(streamName, { last_by_subj: filter });
    return message?.seq ?? 0;
  });
  if (last === 0) logger.warn({ subject }, "the broker's log of this channel is empty");

  let done = after > last ? 0 : after; // a position behind the end is one in a log that was lost since
  while (done < last) {
    const batch = await untilSuccessful(async ({ manager }) => {
      const query = { seq: done + 1, next_by_subj: filter, batch: logBatchSize };
      const messages = await withTimeout(collected(manager, query), responseTimeout);
      if (messages.length === 0) throw new Error("a replica does not have the next messages yet");
      return messages;
    });
    done = batch.at(-1)?.seq ?? done;
    yield batch
      .filter(({ seq }) => seq <= last)
      .map(({ seq, data }) => ({ sequence: seq, bytes: Buffer.from(data) }));
  }

  async function untilSuccessful<T>(request: (made: Connected) => Promise<T>): Promise<T> {
    const deadline = performance.now() + maxSilenceMs;
    for (;;) {
      try {
        if (!connection.isConnected || !connection.made) throw new Error("the broker is unavailable");
        return await request(connection.made);
      } catch (error) {
        if (performance.now() > deadline)
          throw new Error(
            `The broker sent nothing on ${subject} for ${maxSilenceMs / 1000} s: check that it is running, and try again`,
            { cause: error },
          );
        await delay(retryMs);
      }
    }
  }
}

/** Through a callback: the client's iterator leaves a subscription behind. */
export function collected(
  manager: JetStreamManager,
  query: { seq: number; next_by_subj: string; batch: number },
) {
  return new Promise<StoredMsg[]>((resolve, reject) => {
    const messages: StoredMsg[] = [];
    const callback: BatchCallback<StoredMsg> = (done, message) => {
      if (!done) messages.push(message);
      else if (done.err) reject(done.err);
      else resolve(messages);
    };
    manager.direct.getBatch(streamName, { ...query, callback }).catch(reject);
  });
}
