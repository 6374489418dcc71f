import { z } from "zod";
import { type Subject, events } from "./events";
import { exampleId, idPattern } from "./ids";

export type Method = "get" | "post" | "put" | "delete";

/** A response, besides the headers of all responses. */
export interface DescribedResponse {
  description: string;
  /** The schema of a JSON body; undefined if there is no body. */
  body?: z.ZodType;
  headers?: readonly DescribedHeader[];
  /** Also readable as server-sent events of this name, with this data as JSON. */
  stream?: { event: string; data: z.ZodType };
}

export type DescribedHeader = keyof typeof headers;

/** A request and its responses, from which validators, input types and the OpenAPI operation are derived. */
export interface EndpointDescription<
  Body extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
> {
  /** Unique in all services; clients that are generated call it by this name. */
  id: string;
  summary: string;
  /** Whether it responds with 401 without a session. */
  needsSession?: boolean;
  /** Fields of the JSON body. */
  body?: Body;
  /** The header with the signature of the body, where another system signs its requests. `req.body` is then the bytes. */
  signature?: string;
  query?: Query;
  responses: Readonly<Record<number, DescribedResponse>>;
  /** The codes of its errors by their status, besides those that follow from the rest of the description. */
  errors?: Readonly<Record<number, readonly string[]>>;
}

export interface Route {
  method: Method;
  /** As Express writes it: `/api/tickets/:ticketId`. */
  path: string;
  description: EndpointDescription;
}

/** The version of the API, which only grows: fields, codes and endpoints are added, but never renamed or redefined. */
const version = "1.0.0";

/**
 * An aggregate in responses: the state in its events, and its creation time.
 * @example
 * const ticketResource = resource("ticket:updated");
 * Object.keys(ticketResource.shape).includes("createdAt"); // => true
 */
export const resource = <S extends Subject>(subject: S) =>
  events[subject].extend({ createdAt: z.iso.datetime() });

/**
 * Names a schema: documents contain it once, under `components`, and types that are generated from them have this name.
 * @example
 * import { z } from "zod";
 *
 * const kite = named("Kite", z.object({ colour: z.string() }), { colour: "red" });
 * kite.meta()?.id; // => "Kite"
 */
export const named = <T extends z.ZodType>(name: string, schema: T, example: z.output<T>): T =>
  schema.meta({ id: name, examples: [example] });

const exampleRequestId = "0f8fad5b-d9cb-469f-a165-70867728950e";

/** The body of each error. */
const errorBody = named(
  "Error",
  z.object({
    errors: z.array(
      z.object({
        message: z.string().describe("A sentence that can be shown to the user"),
        field: z.string().optional().describe("The request field that the error is about, if any"),
      }),
    ),
    code: z.string().describe("Stable: clients switch on it"),
    requestId: z.string(),
  }),
  {
    errors: [{ message: "The price must be a number", field: "price" }],
    code: "invalid-input",
    requestId: exampleRequestId,
  },
);

/** The name of the example in the document is the code. */
const errorExample = (code: string) => ({
  value: {
    errors: [{ message: "A sentence that can be shown to the user" }],
    code,
    requestId: exampleRequestId,
  },
});

const headers = {
  "X-Request-Id": {
    description: "Identifies the request in logs; copied from the request if present",
    required: true,
    schema: { type: "string", examples: [exampleRequestId] },
  },
  "Retry-After": {
    description: "Seconds to wait before retrying",
    required: true,
    schema: { type: "integer", minimum: 1, examples: [5] },
  },
  Link: {
    description: 'The next page, as `<…>; rel="next"`; absent on the last page',
    required: false,
    schema: { type: "string", examples: ['</api/tickets?limit=20&cursor=eyJ2IjoxfQ>; rel="next"'] },
  },
  "Set-Cookie": {
    description: "The cookie `session`",
    required: true,
    schema: { type: "string", examples: ["session=eyJhIjoxfQ; path=/; httponly"] },
  },
  "X-Server-Time": {
    description: "Milliseconds since 1970, by the clock that `expiresAt` is compared with",
    required: true,
    schema: { type: "integer", examples: [1893499200000] },
  },
} as const;

/** @returns an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1.html) */
export function openApi(title: string, routes: readonly Route[]) {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path, description } of routes)
    (paths[pathTemplate(path)] ??= {})[method] = operation(method, path, description);
  const { rest, schemas } = withSharedSchemas(paths);
  const codes = routes.flatMap(({ method, path, description }) =>
    Object.values(errorsOf(method, path, description)).flat(),
  );
  return {
    openapi: "3.1.1",
    info: { title, version, license: { name: "MIT", identifier: "MIT" } },
    paths: rest,
    components: {
      securitySchemes: { session: { type: "apiKey", in: "cookie", name: "session" } },
      headers,
      schemas,
      examples: Object.fromEntries([...new Set(codes)].toSorted().map((code) => [code, errorExample(code)])),
    },
  };
}

/** Moves the definitions of named schemas, which each schema has of its own, to one place. */
function withSharedSchemas<T extends object>(paths: T): { rest: T; schemas: Record<string, object> } {
  const schemas: Record<string, object> = {};
  const rest: T = JSON.parse(JSON.stringify(paths), (key, value) => {
    if (key === "$ref") return String(value).replace("#/$defs/", "#/components/schemas/");
    if (!(value as { $defs?: object } | null)?.$defs) return value;
    const { $defs, ...schema } = value;
    Object.assign(schemas, $defs);
    return schema;
  });
  return { rest, schemas };
}

/** `/api/tickets/:ticketId` as `/api/tickets/{ticketId}`. */
const pathTemplate = (path: string): string => path.replaceAll(/:(\w+)/g, "{$1}");

function operation(method: Method, path: string, description: EndpointDescription): object {
  const { id, summary, needsSession = false, body, signature, query, responses } = description;
  return {
    operationId: id,
    summary,
    security: needsSession ? [{ session: [] }] : [],
    parameters: [...pathParameters(path), ...queryParameters(query), ...signatureParameter(signature)],
    ...(body && { requestBody: { required: true, content: json(requestSchema(body)) } }),
    ...(signature && { requestBody: { required: true, content: json(signedBody) } }),
    responses: {
      ...mapValues(responses, success),
      ...mapValues(errorsOf(method, path, description), failure),
    },
  };
}

/** All errors of an endpoint: its own, and those that follow from its method, path, body and session. */
function errorsOf(
  method: Method,
  path: string,
  { needsSession, body, signature, query, errors = {} }: EndpointDescription,
): Record<number, string[]> {
  const all: Record<number, string[]> = mapValues(errors, (codes) => [...codes]);
  const add = (status: number, ...codes: string[]) => {
    all[status] = [...new Set([...(all[status] ?? []), ...codes])];
  };
  if (body || query) add(400, "invalid-input");
  if (signature) add(400, "invalid-signature");
  if (method !== "get") {
    // The body is read, whether the endpoint needs one or not.
    add(400, "malformed");
    add(408, "request-timeout");
    add(413, "too-large");
    add(415, "not-json");
  }
  if (path.includes(":")) add(400, "malformed");
  if (needsSession) {
    add(401, "not-signed-in");
    add(403, "banned");
  }
  if (method !== "get" && !signature) add(403, "foreign-origin");
  add(500, "internal");
  add(503, "unavailable", "starting");
  return all;
}

const pathParameters = (path: string) =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", pattern: idPattern.source, examples: [exampleId] },
  }));

const queryParameters = (query?: z.ZodObject) =>
  Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = requestSchema(schema as z.ZodType);
    return {
      name,
      in: "query",
      required: !(schema as z.ZodType).safeParse(undefined).success,
      ...(description && { description }),
      schema: rest,
    };
  });

const signatureParameter = (name?: string) =>
  name
    ? [
        {
          name,
          in: "header",
          required: true,
          schema: { type: "string", examples: ["t=1893499200,v1=5257a8"] },
        },
      ]
    : [];

const signedBody = {
  type: "object",
  description: "The bytes that were signed",
  examples: [{ id: "evt_1", type: "payment_intent.succeeded" }],
};

function success({ description, body, headers: names = [], stream }: DescribedResponse): object {
  const content = {
    ...(body && json(responseSchema(body))),
    ...(stream && { "text/event-stream": { schema: eventSchema(stream) } }),
  };
  return {
    description,
    headers: headerReferences(["X-Request-Id", ...names]),
    ...(Object.keys(content).length > 0 && { content }),
  };
}

/** Of each server-sent event: OpenAPI 3.2 has `itemSchema` for it. */
const eventSchema = ({ event, data }: NonNullable<DescribedResponse["stream"]>) => ({
  type: "object",
  properties: {
    event: { const: event },
    data: { type: "string", contentMediaType: "application/json", contentSchema: responseSchema(data) },
  },
  required: ["data"],
  examples: (data.meta()?.examples as unknown[] | undefined)?.map((example) => ({
    event,
    data: JSON.stringify(example),
  })),
});

const errorSchema = responseSchema(errorBody);

function failure(codes: string[], status: string): object {
  const { $defs, ...error } = errorSchema;
  const isTemporary = status === "429" || status === "503";
  return {
    description: codes.join(", "),
    headers: headerReferences(isTemporary ? ["X-Request-Id", "Retry-After"] : ["X-Request-Id"]),
    content: {
      "application/json": {
        schema: { allOf: [error], properties: { code: { enum: codes } }, $defs },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}

const headerReferences = (names: DescribedHeader[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const json = (schema: object) => ({ "application/json": { schema } });

function requestSchema(schema: z.ZodType) {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", override });
  return rest;
}

/** A named schema becomes a reference only where it is part of another. */
function responseSchema(schema: z.ZodType) {
  const { properties, $defs } = z.toJSONSchema(z.object({ schema }), { override });
  return { ...(properties?.schema as object), ...($defs && { $defs }) };
}

/** Leaves out keywords that repeat the format or the type. */
function override({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

function mapValues<From, To>(
  values: Readonly<Record<number, From>>,
  change: (value: From, key: string) => To,
): Record<number, To> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]));
}
