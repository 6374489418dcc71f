import fc from "fast-check";
import type { Connection } from "mongoose";
import { clock } from "../src/base/clock";
import { type EventData, type Subject, checkedData } from "../src/contract/events";
import first from "../src/contract/fixtures/v1/events.json";
import second from "../src/contract/fixtures/v2/events.json";
import type { DeadLetter, DeadLetters } from "../src/messaging/dead-letters";
import { type Listener, consume } from "../src/messaging/listener";
import { newId } from "../src/testing";

interface Fuzzed {
  listeners: Listener[];
  /** Of services that store documents. */
  database?: Connection;
  /** Aggregates, by the name of their model, with the subject whose schema their states must match. */
  aggregates?: Record<string, Subject>;
}

const fixtures = [...first, ...second];

const hostile = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom({ $gt: "" }, { __proto__: null }, ["a"], "\u0000", "x".repeat(100_000), -0, 1e308, 2 ** 53),
  fc.date({ noInvalidDate: false }).map((date) => JSON.parse(JSON.stringify({ date })).date as unknown),
  fc.constantFrom("0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-02-30T00:00:00Z"),
);

/** A message of the subject with one field, of the envelope or of the data, replaced, removed or added. */
function mutated(subject: Subject): fc.Arbitrary<Buffer> {
  const valid = fixtures.filter(({ type }) => type === subject);
  const fields = Object.keys(Object.assign({}, ...valid.map(({ data }) => data)));
  const names = fc.constantFrom(...fields, "$set", "__proto__", "constructor", "_id", "outbox", "");
  const envelopeNames = fc.constantFrom(
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "traceparent",
  );
  return fc
    .record({
      event: fc.constantFrom(...valid),
      field: fc.oneof({ weight: 4, arbitrary: names }, { weight: 1, arbitrary: envelopeNames }),
      value: fc.option(hostile, { nil: undefined }),
      isNew: fc.boolean(),
    })
    .map(({ event, field, value, isNew }) => {
      const data = { ...event.data, ...(isNew && { id: newId() }) };
      const { data: _, ...envelope } = event;
      const target: object = Object.hasOwn(envelope, field) ? envelope : data;
      Object.defineProperty(target, field, { value, enumerable: true, configurable: true });
      return Buffer.from(JSON.stringify({ ...envelope, data }));
    });
}

const anyMessage = (subject: Subject) =>
  fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
    { weight: 4, arbitrary: mutated(subject) },
  );

/**
 * Sends arbitrary bytes and almost valid messages to each listener. Each message is handled or kept byte for byte as a
 * dead letter, and everything stored matches the schemas.
 */
export function itSurvivesAnyMessage({ listeners, database, aggregates = {} }: Fuzzed): void {
  it.each(listeners)("handles or keeps any message on $subject", async (listener) => {
    clock.use(undefined, async () => {}); // no pauses between attempts
    const letters: DeadLetter[] = [];
    const deadLetters = { keep: async (letter: DeadLetter) => void letters.push(letter) };
    const handle = consume(listener, deadLetters as unknown as DeadLetters);
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(anyMessage(listener.subject), async (bytes) => {
        letters.length = 0;
        const before = database && (await contentOf(database));
        await handle({ subject: listener.subject, bytes, redeliveries: 0 });
        if (matchesSchema(listener, bytes)) {
          accepted++;
          expect(letters.length).toBeLessThanOrEqual(1);
        } else {
          expect(letters).toMatchObject([{ subject: listener.subject, bytes }]);
          if (database) expect(await contentOf(database)).toEqual(before);
        }
      }),
      { numRuns: 100 },
    );
    expect(accepted).toBeGreaterThan(0);
    if (database) await expectValid(database, aggregates);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
}

function matchesSchema(listener: Listener, bytes: Buffer): boolean {
  try {
    listener.read(bytes);
    return true;
  } catch {
    return false;
  }
}

const contentOf = (database: Connection) =>
  Promise.all(
    Object.values(database.models).map(async ({ collection }) => ({
      name: collection.name,
      documents: await collection.find().sort({ _id: 1 }).toArray(),
    })),
  );

async function expectValid(database: Connection, aggregates: Record<string, Subject>): Promise<void> {
  for (const model of Object.values(database.models))
    for (const document of await model.find()) {
      await document.validate();
      const subject = aggregates[model.modelName];
      if (!subject) continue;
      const { createdAt: _, ...state } = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
      checkedData(subject, state as EventData<Subject>);
    }
}
