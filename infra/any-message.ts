import fc from "fast-check";
import { clock } from "../common/src/base/clock";
import type { Subject } from "../common/src/contract/events";
import type { DeadLetter, DeadLetters } from "../common/src/messaging/dead-letters";
import { type Listener, consume } from "../common/src/messaging/listener";
import { newId } from "../common/src/testing/ids";
import { fixtureVersions } from "./contract-files";
import type { Version } from "./fixtures";

const fixtures = fixtureVersions().flatMap(({ events }) => events);
const ageMs = clock.now() - Math.max(...fixtures.map(({ time }) => Date.parse(time)));
const isTime = (value: unknown): value is string =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);

/**
 * An example of each kind of event, and of each field that was added later, as if they had just been published: services
 * ignore events that are much older, and the database removes what has expired.
 */
export const examples: Version["events"] = JSON.parse(JSON.stringify(fixtures), (_key, value: unknown) =>
  isTime(value) ? new Date(Date.parse(value) + ageMs).toISOString() : value,
);

const hostile = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    "",
    { $gt: "" },
    { __proto__: null },
    ["a"],
    "\u0000",
    "x".repeat(100_000),
    -0,
    1e308,
    2 ** 53,
  ),
  fc.date({ noInvalidDate: false }).map((date) => JSON.parse(JSON.stringify({ date })).date as unknown),
  fc.constantFrom("0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-02-30T00:00:00Z"),
);

/** A message of the subject with one field, of the envelope or of the data, replaced, removed or added. */
function mutated(subject: Subject): fc.Arbitrary<Buffer> {
  const valid = examples.filter(({ type }) => type === subject);
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

/** Arbitrary bytes, JSON, and almost valid messages. */
export const anyMessage = (subject: Subject): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
    { weight: 4, arbitrary: mutated(subject) },
  );

/**
 * Sends a message, and expects that it is kept byte for byte unless it is an event of the subject.
 * @returns whether it is one
 */
export async function handleOrKeep(listener: Listener, bytes: Buffer): Promise<boolean> {
  const { subject } = listener;
  const letters: DeadLetter[] = [];
  const deadLetters = { keep: async (letter: DeadLetter) => void letters.push(letter) };
  await consume(listener, deadLetters as unknown as DeadLetters)({ subject, bytes, redeliveries: 0 });
  if (matchesSchema(listener, bytes)) {
    expect(letters.length).toBeLessThanOrEqual(1);
    return true;
  }
  expect(letters).toMatchObject([{ subject, bytes }]);
  return false;
}

function matchesSchema(listener: Listener, bytes: Buffer): boolean {
  try {
    listener.read(bytes);
    return true;
  } catch {
    return false;
  }
}
