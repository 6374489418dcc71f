import { isDeepStrictEqual } from "node:util";

export interface JsonSchema {
  [keyword: string]: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

/** They do not decide what is valid. */
const annotations = new Set(["$comment", "deprecated", "description", "examples", "title"]);

/**
 * What is not an addition. Old readers must accept new events, and new readers old ones, so only optional properties
 * may be added: a new value of an enum breaks the former, a stricter limit the latter.
 */
export function breakingChanges(before: JsonSchema, now: JsonSchema, path = "event"): string[] {
  const keywords = new Set(
    [...Object.keys(before), ...Object.keys(now)].filter((name) => !annotations.has(name)),
  );
  return [...keywords].flatMap((keyword) => {
    if (keyword === "properties") return changesOfProperties(before, now, path);
    const [old, current] = [before[keyword], now[keyword]];
    if (isDeepStrictEqual(comparable(old), comparable(current))) return [];
    return [`${path}: ${keyword} was ${JSON.stringify(old)}, and is ${JSON.stringify(current)}`];
  });
}

function changesOfProperties(before: JsonSchema, now: JsonSchema, path: string): string[] {
  return Object.entries(before.properties ?? {}).flatMap(([name, old]) => {
    const current = now.properties?.[name];
    return current ? breakingChanges(old, current, `${path}.${name}`) : [`${path}.${name}: removed`];
  });
}

/** Without annotations and without the order of lists, such as those of `enum` and `required`. */
function comparable(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => JSON.stringify(comparable(item))).toSorted();
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !annotations.has(name))
      .map(([name, inner]) => [name, comparable(inner)]),
  );
}
