import { createHash } from "node:crypto";
import { z } from "zod";
import { type Subject, subjects } from "../contract/events";
import { isId } from "../contract/ids";
import { metrics } from "../base/metrics";
import { type EventBus, type EventIds, type Subscription, closeAll } from "./event-bus";

/**
 * Copies every message from each of two brokers to the other, byte for byte and at least once. Its position is that of
 * the durable group of the buses' name: it begins where the log does, and continues after a restart.
 *
 * Copies are marked, and a marked message is not copied again. NATS Streaming stores no mark, so what was copied there
 * returns once: the other broker recognizes it by its ID, or stores it a second time, marked.
 */
export function bridge(one: EventBus, other: EventBus): Subscription {
  const copy = (from: EventBus, to: EventBus) =>
    subjects.map((subject) =>
      from.subscribe(subject, async ({ bytes, isCopy }) => {
        if (isCopy) return;
        await to.publish(subject, bytes, { ...idsOf(subject, bytes), isCopy: true });
        metrics.eventsPublished.inc({ subject });
      }),
    );
  const subscriptions = [...copy(one, other), ...copy(other, one)];
  return { close: () => closeAll(subscriptions) };
}

/** What a broker can use as a header and as part of an address. */
const ids = z.object({ id: z.string().regex(/^[\w-]{1,100}$/), subject: z.string().refine(isId) });

/** Those of the event, or of the content if it is none. */
function idsOf(subject: Subject, bytes: Buffer): EventIds {
  const { data } = ids.safeParse(parsed(bytes));
  if (data) return { id: data.id, aggregateId: data.subject };
  const id = createHash("sha256").update(subject).update("\0").update(bytes).digest("hex");
  return { id, aggregateId: id };
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
