import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { envelope, events } from "../common/src/contract/events";
import { type Contract, type Version, nextVersion } from "./fixtures";

const folder = join(__dirname, "../common/src/contract/fixtures/v1");
const read = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8"));
const first: Version = { events: read("events.json"), schemas: read("schemas.json") };

const today: Contract = { ...events, envelope: envelope.omit({ type: true }) };
const ticket = events["ticket:created"].extend({ venue: z.string().optional() });
const withVenue: Contract = { ...today, "ticket:created": ticket, "ticket:updated": ticket };

it("writes nothing when the contract has not changed", () => {
  expect(nextVersion([first], today)).toBeUndefined();
});

it("writes the schemas that have a new field, and an example of it for each subject", () => {
  const next = nextVersion([first], withVenue);
  expect(Object.keys(next?.schemas ?? {})).toEqual(["ticket:created", "ticket:updated"]);
  const [created, updated] = first.events;
  expect(next?.events).toMatchObject([
    { type: "ticket:created", source: "tickets", data: { ...created?.data, venue: "venue" } },
    { type: "ticket:updated", source: "tickets", data: { ...updated?.data, venue: "venue" } },
  ]);
  expect(next?.events[0]?.data).not.toHaveProperty("orderId"); // optional as before
});

it("gives each example an id and a time of its own, after those of earlier versions", () => {
  const examples = [...first.events, ...(nextVersion([first], withVenue)?.events ?? [])];
  expect(new Set(examples.map(({ id }) => id)).size).toBe(examples.length);
  const times = examples.map(({ time }) => time);
  expect(times).toEqual(times.toSorted());
});

it("makes the example of a new subject from one with the same schema", () => {
  const order = today["order:created"];
  const next = nextVersion([first], { ...today, ...(order && { "order:noted": order }) });
  expect(next?.events).toMatchObject([
    { type: "order:noted", source: "orders", data: { status: "complete" } },
  ]);
});

it("makes the same of the same", () => {
  expect(nextVersion([first], withVenue)).toEqual(nextVersion([first], withVenue));
});

it("has nothing left to write once its version is there", () => {
  const second = nextVersion([first], withVenue);
  expect(second && nextVersion([first, second], withVenue)).toBeUndefined();
});

it("refuses a contract that no longer reads an earlier example", () => {
  const retyped = events["ticket:created"].extend({ price: z.string() });
  expect(() => nextVersion([first], { ...today, "ticket:created": retyped })).toThrow("may only grow");
  const dropped = events["ticket:created"].omit({ title: true });
  expect(() => nextVersion([first], { ...today, "ticket:created": dropped })).toThrow("may only grow");
});

it("asks for an example where it cannot make one", () => {
  const picky = events["ticket:created"].extend({
    seat: z
      .string()
      .regex(/^\d+[A-Z]$/)
      .optional(),
  });
  expect(() => nextVersion([first], { ...today, "ticket:created": picky })).toThrow(
    "Write an example of ticket:created by hand",
  );
});
