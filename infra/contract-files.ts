import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { asyncApi } from "../common/src/contract/asyncapi";
import { eventSchema, keyOf } from "../common/src/contract/event-schemas";
import { type Event, subjects } from "../common/src/contract/events";
import { type JsonSchema, breakingChanges } from "./breaking-changes";
import type { Version } from "./fixtures";
import { root } from "./local/program";

export const common = join(root, "common");
export const fixturesFolder = join(common, "src/contract/fixtures");
export const releaseFile = "src/contract/released.json";

/** What the last release promises. */
export interface Release {
  version: string;
  /** Where each subject is published, and as what, by the names of its channels. */
  channels: Record<string, Record<string, unknown>>;
  /** By their `$id`. */
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
  channels: channelsOf(plain(asyncApi(version, []))),
  schemas: Object.fromEntries(schemas.map(({ schema }) => [String(schema.$id), schema])),
});

function channelsOf({ channels, components }: JsonSchema): Release["channels"] {
  const { messages } = components as { messages: Record<string, { contentType: string }> };
  return Object.fromEntries(
    Object.entries(channels as Release["channels"]).map(([name, { address, "x-jetstream": jetStream }]) => [
      name,
      { address, jetStream, contentType: messages[name]?.contentType },
    ]),
  );
}

/** What users of the released contract would notice. A new subject is an addition. */
export function changesSince(released: Release, now: Release): string[] {
  const moved = Object.entries(released.channels).filter(
    ([name, before]) => !isDeepStrictEqual(before, now.channels[name]),
  );
  return [
    ...moved.map(([name, before]) => `the channel ${name} is no longer ${JSON.stringify(before)}`),
    ...changesOfSchemas(released, now),
  ];
}

function changesOfSchemas(released: Release, now: Release): string[] {
  return Object.entries(released.schemas).flatMap(([id, before]) => {
    const schema = now.schemas[id];
    return schema ? breakingChanges(before, schema, id) : [`${id}: removed`];
  });
}
