import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { envelope, events } from "../common/src/contract/events";
import { type Contract, type Version, changesOf, nextVersion, schemasOf } from "./fixtures";

const folder = join(__dirname, "../common/src/contract/fixtures");
const read = (version: string, file: string) => JSON.parse(readFileSync(join(folder, version, file), "utf8"));
const promised: Version[] = readdirSync(folder).map((version) => ({
  events: read(version, "events.json"),
  schemas: read(version, "schemas.json"),
}));
const promisedEvents = promised.flatMap(({ events: examples }) => examples);

const today: Contract = { ...events, envelope: envelope.omit({ type: true }) };
const ticket = events["ticket:created"].extend({ venue: z.string().optional() });
const withVenue: Contract = { ...today, "ticket:created": ticket, "ticket:updated": ticket };

it("writes nothing when the contract has not changed", () => {
  expect(nextVersion(promised, today)).toBeUndefined();
});

it("writes the schemas that have a new field, and an example of it for each subject", () => {
  const next = nextVersion(promised, withVenue);
  expect(Object.keys(next?.schemas ?? {})).toEqual(["ticket:created", "ticket:updated"]);
  const [created, updated] = promisedEvents;
  expect(next?.events).toMatchObject([
    { type: "ticket:created", source: "tickets", data: { ...created?.data, venue: "venue" } },
    { type: "ticket:updated", source: "tickets", data: { ...updated?.data, venue: "venue" } },
  ]);
  expect(next?.events[0]?.data).not.toHaveProperty("orderId"); // optional as before
});

it("gives each example a unique id and a time after those of earlier versions", () => {
  const examples = [...promisedEvents, ...(nextVersion(promised, withVenue)?.events ?? [])];
  expect(new Set(examples.map(({ id }) => id)).size).toBe(examples.length);
  const times = examples.map(({ time }) => time);
  expect(times).toEqual(times.toSorted());
});

it("derives the example of a new subject from one with the same schema", () => {
  const order = today["order:created"];
  const next = nextVersion(promised, { ...today, ...(order && { "order:noted": order }) });
  expect(next?.events).toMatchObject([
    { type: "order:noted", source: "orders", data: { status: "complete" } },
  ]);
});

it("is deterministic", () => {
  expect(nextVersion(promised, withVenue)).toEqual(nextVersion(promised, withVenue));
});

it("writes nothing once the version exists", () => {
  const second = nextVersion(promised, withVenue);
  expect(second && nextVersion([...promised, second], withVenue)).toBeUndefined();
});

it("rejects a contract that no longer accepts an earlier example", () => {
  const retyped = events["ticket:created"].extend({ price: z.string() });
  expect(() => nextVersion(promised, { ...today, "ticket:created": retyped })).toThrow("may only grow");
  const dropped = events["ticket:created"].omit({ title: true });
  expect(() => nextVersion(promised, { ...today, "ticket:created": dropped })).toThrow("may only grow");
});

it("rejects a contract whose events earlier readers reject", () => {
  const banned = z.enum(["no", "yes", "partly"]).or(z.boolean());
  const user = events["user:banned"].extend({ banned });
  expect(() => nextVersion(promised, { ...today, "user:banned": user })).toThrow(
    /may only grow:\nuser:banned.banned: type was "boolean"/,
  );
});

it.each(promised.map(({ schemas }, index) => [`v${index + 1}`, schemas, promised.slice(0, index)] as const))(
  "only adds to earlier versions in %s",
  (_version, schemas, earlier) => {
    expect(changesOf(schemasOf(earlier), schemas)).toEqual([]);
  },
);

it("requests an example when it cannot derive one", () => {
  const picky = events["ticket:created"].extend({
    seat: z
      .string()
      .regex(/^\d+[A-Z]$/)
      .optional(),
  });
  expect(() => nextVersion(promised, { ...today, "ticket:created": picky })).toThrow(
    "Write an example of ticket:created by hand",
  );
});
