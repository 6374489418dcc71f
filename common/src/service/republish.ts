import { parseArgs } from "node:util";
import { type Connection, trusted } from "mongoose";
import { z } from "zod";
import { aggregatesOf, toEvent } from "../database/aggregate";
import { type Subject, subjects } from "../contract/events";
import { isId } from "../contract/ids";
import type { EventBus } from "../messaging/event-bus";
import { publishEvent } from "../messaging/publish-event";

/** Selects aggregates. All of them by default. */
export interface Selection {
  /** Saved since then. Aggregates without a time of their last save are always included. */
  since?: Date | undefined;
  /** Those whose present state is published on one of these subjects. */
  subjects?: Subject[] | undefined;
  ids?: string[] | undefined;
}

const selection = z.object({
  since: z
    .string()
    .transform((text) => new Date(text))
    .refine(
      (date) => !Number.isNaN(date.getTime()),
      "--since takes a date such as 2026-11-01 or 2026-11-01T12:00Z",
    )
    .optional(),
  subject: z.array(z.enum(subjects, `--subject takes one of ${subjects.join(", ")}`)).optional(),
  ids: z.array(z.string().refine(isId, "republish takes IDs of aggregates, each of 24 hexadecimal digits")),
});

/**
 * Reads `[--since DATE] [--subject SUBJECT]… [ID…]`.
 * @throws if an argument is unknown or invalid
 */
export function readSelection(words: string[]): Selection {
  const { values, positionals } = parseArgs({
    args: words,
    options: { since: { type: "string" }, subject: { type: "string", multiple: true } },
    allowPositionals: true,
  });
  const { data, error } = selection.safeParse({ ...values, ids: positionals });
  if (!data) throw new Error(error?.issues.map(({ message }) => message).join("; "));
  const { since, subject, ids } = data;
  return { since, subjects: subject, ids: ids.length > 0 ? ids : undefined };
}

/**
 * Publishes the current state of aggregates again, without the outbox and without writing to the database: for a broker
 * that lost its store, or a new consumer. Safe at any time, because consumers apply only newer versions.
 * Each adds an event to the broker's log, so select only the aggregates that are needed, if they are known.
 * @returns how many events were published
 */
export async function republish(
  database: Connection,
  bus: EventBus,
  { since, subjects: wanted, ids }: Selection = {},
): Promise<number> {
  const isSaved = {
    $or: [{ changedAt: trusted({ $gte: since }) }, { changedAt: trusted({ $exists: false }) }],
  };
  const filter = { ...(since ? isSaved : {}), ...(ids ? { _id: trusted({ $in: ids }) } : {}) };
  let count = 0;
  for (const model of aggregatesOf(database)) {
    for await (const aggregate of model.find(filter).sort({ _id: 1 }).cursor()) {
      const subject = model.log.currentSubject(aggregate);
      if (!subject || (wanted && !wanted.includes(subject))) continue;
      await publishEvent(bus, toEvent(aggregate, subject, aggregate.version));
      count++;
    }
  }
  return count;
}
