import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { traffic } from "../common/src/contract/asyncapi";
import { jsonSchema } from "../common/src/contract/event-schemas";
import type { Subject } from "../common/src/contract/events";
import { type JsonSchema, breakingChanges } from "./breaking-changes";

interface Example {
  specversion: string;
  id: string;
  source: string;
  type: string;
  subject: string;
  time: string;
  data: Record<string, unknown>;
}

/** A folder of `common/src/contract/fixtures`. */
export interface Version {
  events: Example[];
  schemas: Record<string, FieldSchema>;
}

/** The schemas by subject, and that of the envelope as `envelope`. */
export type Contract = Record<string, z.ZodType>;

interface FieldSchema extends JsonSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  format?: string;
  minimum?: number;
  maxLength?: number;
  properties?: Record<string, FieldSchema>;
  items?: FieldSchema;
}

/**
 * The additions to the contract since the last version: changed schemas, and an example of each with the new fields.
 * @returns undefined if nothing was added
 * @throws if the contract rejects an earlier example, or the generated one, or readers of the last version would reject
 * new events
 */
export function nextVersion(versions: Version[], contract: Contract): Version | undefined {
  const examples = versions.flatMap(({ events }) => events);
  for (const { type, id, data } of examples)
    if (!isDeepStrictEqual(contract[type]?.safeParse(data).data, data))
      throw new Error(`${type} does not read its fixture ${id} as before: the contract may only grow`);

  const promised = schemasOf(versions);
  const schemas = Object.fromEntries(
    Object.entries(contract)
      .map(([name, schema]) => [name, fieldSchemaOf(schema)] as const)
      .filter(([name, schema]) => !isDeepStrictEqual(schema, promised[name])),
  );
  if (Object.keys(schemas).length === 0) return undefined;
  const changes = changesOf(promised, schemas);
  if (changes.length > 0) throw new Error(`The contract may only grow:\n${changes.join("\n")}`);

  const events: Example[] = [];
  for (const name of Object.keys(schemas).filter((name) => name !== "envelope"))
    events.push(exampleOf(name, contract, { examples: [...examples, ...events], promised }));
  return { events, schemas };
}

/** The newest schema of each subject. */
export const schemasOf = (versions: Version[]): Version["schemas"] =>
  Object.assign({}, ...versions.map(({ schemas }) => schemas));

/** What readers of the earlier schemas would notice. */
export const changesOf = (before: Version["schemas"], now: Version["schemas"]): string[] =>
  Object.entries(now).flatMap(([name, schema]) => {
    const known = before[name];
    return known ? breakingChanges(known, schema, name) : [];
  });

/** The last example of the subject, or of another one with the same schema, with the new fields. */
function exampleOf(
  type: string,
  contract: Contract,
  { examples, promised }: { examples: Example[]; promised: Record<string, FieldSchema> },
): Example {
  const schema = contract[type];
  const last =
    examples.findLast((example) => example.type === type) ??
    examples.findLast((example) => contract[example.type] === schema);
  const number = examples.length + 1;
  const made: Made = {
    id: number.toString(16).padStart(24, "6553f1000000000000000000"),
    time: new Date(Date.parse(String(examples.at(-1)?.time)) + 1000).toISOString(),
  };
  const data = sampleOf("data", fieldSchemaOf(schema), last && promised[last.type], last?.data, made);
  const read = schema?.safeParse(data);
  if (!read?.success)
    throw new Error(`Write an example of ${type} by hand: ${read?.error.issues[0]?.message}`);
  const { id, orderId } = read.data as { id?: string; orderId?: string };
  return {
    specversion: "1.0",
    id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    source: last?.source ?? traffic[type as Subject].from,
    type,
    subject: id ?? orderId ?? made.id,
    time: made.time,
    data: read.data as Example["data"],
  };
}

interface Made {
  id: string;
  time: string;
}

/** A value of a schema: the known one, with new fields whose values are derived from their names. */
function sampleOf(
  name: string,
  schema: FieldSchema,
  before: FieldSchema | undefined,
  known: unknown,
  made: Made,
): unknown {
  if (schema.properties) {
    const values = (known ?? {}) as Record<string, unknown>;
    const fields = Object.entries(schema.properties).filter(
      ([field]) => field in values || !before?.properties?.[field],
    );
    return Object.fromEntries(
      fields.map(([field, inner]) => [
        field,
        sampleOf(field, inner, before?.properties?.[field], values[field], made),
      ]),
    );
  }
  if (known !== undefined) return known;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case "boolean":
      return true;
    case "integer":
    case "number":
      return Math.max(1, schema.minimum ?? 1);
    case "array":
      return [sampleOf(name, schema.items ?? {}, undefined, undefined, made)];
    default:
      if (schema.format === "date-time") return made.time;
      return /id$/i.test(name) ? made.id : name.slice(0, schema.maxLength);
  }
}

/** The content of the file. A description, which may be corrected later, is not promised. */
const fieldSchemaOf = (schema?: z.ZodType): FieldSchema =>
  JSON.parse(JSON.stringify(schema ? jsonSchema(schema) : {}), (key, value) =>
    key === "description" && typeof value === "string" ? undefined : value,
  );
