import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { eventSchema } from "./event-schemas";
import { type Event, type Subject, subjects } from "./events";

const folder = join(__dirname, "fixtures");
const fixtures: Event[] = readdirSync(folder).flatMap((version) =>
  JSON.parse(readFileSync(join(folder, version, "events.json"), "utf8")),
);

const ajv = new Ajv({ validateFormats: false }); // `pattern` says the same
for (const subject of subjects) ajv.addSchema(JSON.parse(JSON.stringify(eventSchema(subject))));
const isValid = (subject: Subject, event: unknown) => ajv.validate(`urn:eventhive:event:${subject}`, event);

describe.each(fixtures)("the JSON Schema of $type, read by another validator,", (event) => {
  const { type, data } = event;

  it("accepts an event, and unknown fields of a newer publisher", () => {
    expect(isValid(type, event)).toBe(true);
    expect(isValid(type, { ...event, dataschema: "urn:x", data: { ...data, seat: "12A" } })).toBe(true);
  });

  it("rejects events of other subjects, other data, and incomplete ones", () => {
    for (const other of subjects) expect(isValid(other, event)).toBe(other === type);
    const [first] = Object.keys(data);
    expect(isValid(type, { ...event, data: { ...data, [String(first)]: undefined } })).toBe(false);
    expect(isValid(type, { ...event, data: undefined })).toBe(false);
    expect(isValid(type, { ...event, subject: "1" })).toBe(false);
    expect(isValid(type, { ...event, time: "yesterday" })).toBe(false);
  });
});

it("refers to no other file", () => {
  expect(JSON.stringify(subjects.map(eventSchema))).not.toContain("$ref");
});
