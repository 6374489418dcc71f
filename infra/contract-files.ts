import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { asyncApi } from "../common/src/contract/asyncapi";
import { eventSchema, keyOf } from "../common/src/contract/event-schemas";
import { type Event, subjects } from "../common/src/contract/events";
import { type JsonSchema, breakingChanges } from "./breaking-changes";
import type { Version } from "./fixtures";
import { root } from "./local/program";

export const common = join(root, "common");
export const fixturesFolder = join(common, "src/contract/fixtures");
export const releaseFile = "src/contract/released.json";

/** The schemas of the last release, by their `$id`. */
export interface Release {
  version: string;
  schemas: Record<string, JsonSchema>;
}

export const readJson = (path: string) => JSON.parse(readFileSync(join(common, path), "utf8"));

/** The fixtures of each version of the contract, oldest first. */
export const fixtureVersions = (): Version[] =>
  readdirSync(fixturesFolder).map((_, index) => ({
    events: readJson(`src/contract/fixtures/v${index + 1}/events.json`),
    schemas: readJson(`src/contract/fixtures/v${index + 1}/schemas.json`),
  }));

const plain = (value: unknown): JsonSchema => JSON.parse(JSON.stringify(value));
const schemas = subjects.map((subject) => ({ subject, schema: plain(eventSchema(subject)) }));

/** The files that the package publishes for other languages, by their paths in `common`. */
export function contractFiles(): Record<string, JsonSchema> {
  const { version } = readJson("package.json");
  const examples = fixtureVersions().flatMap(({ events }) => events as unknown as Event[]);
  return {
    "asyncapi.json": plain(asyncApi(version, examples)),
    ...Object.fromEntries(schemas.map(({ subject, schema }) => [`schemas/${keyOf(subject)}.json`, schema])),
  };
}

/** The snapshot of a release of this version. */
export const releaseOf = (version: string): Release => ({
  version,
  schemas: Object.fromEntries(schemas.map(({ schema }) => [String(schema.$id), schema])),
});

/** What users of the released schemas would notice. A new subject is an addition. */
export function changesSince(released: Release, now: Release): string[] {
  return Object.entries(released.schemas).flatMap(([id, before]) => {
    const schema = now.schemas[id];
    return schema ? breakingChanges(before, schema, id) : [`${id}: removed`];
  });
}
