import Ajv from "ajv/dist/2020";
import type { openApi } from "../src/contract/openapi";

export type Document = ReturnType<typeof openApi>;

/** A response as a client received it. */
export interface ObservedResponse {
  method: string;
  /** Without the query. */
  path: string;
  status: number;
  header: (name: string) => string | undefined;
  /** Of a stream, any number of whole messages. */
  body: string;
}

interface Operation {
  responses: Record<string, { content?: Record<string, unknown>; headers: Record<string, object> }>;
}

/** Compares what was received with an OpenAPI document, and remembers which of its responses were seen. */
export class DocumentedResponses {
  /** As `GET /api/tickets/{ticketId} 404`. */
  readonly seen = new Set<string>();
  readonly documented: string[];
  private readonly ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false }); // checked by openapi.test
  private readonly templates: { template: string; pattern: RegExp }[];

  constructor(private readonly document: Document) {
    this.ajv.addSchema(document, "api");
    this.documented = Object.entries(document.paths).flatMap(([template, operations]) =>
      Object.entries(operations).flatMap(([method, operation]) =>
        Object.keys((operation as Operation).responses).map(
          (status) => `${method.toUpperCase()} ${template} ${status}`,
        ),
      ),
    );
    // Those without parameters first.
    this.templates = Object.keys(document.paths)
      .toSorted((one, other) => one.split("{").length - other.split("{").length)
      .map((template) => ({ template, pattern: new RegExp(`^${template.replaceAll(/{\w+}/g, "[^/]+")}$`) }));
  }

  /** As `/api/tickets/{ticketId}`; undefined for a path that the document does not have. */
  templateOf(path: string): string | undefined {
    return this.templates.find(({ pattern }) => pattern.test(path))?.template;
  }

  /** @returns what the document does not allow, if anything */
  problemOf({ method, path, status, header, body }: ObservedResponse): string | undefined {
    if (path.endsWith("/openapi.json")) return undefined; // the document itself
    const template = this.templateOf(path);
    if (!template)
      return status < 400 ? `${method} ${path} ${status}: the path is not documented` : undefined;
    const name = `${method} ${template} ${status}`;
    const key = (method === "HEAD" ? "get" : method).toLowerCase();
    const operation = this.document.paths[template]?.[key] as Operation | undefined;
    if (!operation)
      return status === 405 || method === "OPTIONS" ? undefined : `${name}: no such operation is documented`;
    const response = operation.responses[status];
    if (!response) return `${name}: the status is not documented: ${body}`;
    this.seen.add(name);
    const wrongHeader = this.problemOfHeaders(Object.keys(response.headers), header);
    if (wrongHeader) return `${name}: ${wrongHeader}`;
    if (method === "HEAD") return undefined;
    if (!response.content) return body ? `${name}: a body is not documented: ${body}` : undefined;
    const type = header("Content-Type")?.split(";")[0] ?? "";
    if (!response.content[type]) return `${name}: ${type} is not documented`;
    const schema = ["paths", template, key, "responses", status, "content", type, "schema"];
    const problems =
      type === "text/event-stream"
        ? eventsIn(body).map((event) => this.problemOfEvent(schema, event))
        : [this.problemOfValue(schema, JSON.parse(body))];
    const problem = problems.find(Boolean);
    return problem && `${name}: ${problem}: ${body}`;
  }

  private problemOfHeaders(documented: string[], header: ObservedResponse["header"]): string | undefined {
    for (const [name, { required, schema }] of Object.entries(this.document.components.headers)) {
      const text = header(name);
      if (!documented.includes(name)) {
        if (text !== undefined) return `${name} is not documented`;
      } else if (text === undefined) {
        if (required) return `${name} is missing`;
      } else {
        const value = schema.type === "integer" ? Number(text) : text;
        const problem = this.problemOfValue(["components", "headers", name, "schema"], value);
        if (problem) return `${name}: ${problem}`;
      }
    }
    return undefined;
  }

  private problemOfEvent(schema: Pointer, event: { event: string; data: string }): string | undefined {
    const dataSchema = [...schema, "properties", "data", "contentSchema"];
    return this.problemOfValue(schema, event) ?? this.problemOfValue(dataSchema, JSON.parse(event.data));
  }

  private problemOfValue(schema: Pointer, value: unknown): string | undefined {
    const validate = this.ajv.getSchema(`api#/${schema.map(escaped).join("/")}`);
    return validate?.(value) ? undefined : this.ajv.errorsText(validate?.errors);
  }
}

/** The path of a schema in the document. */
type Pointer = (string | number)[];

/** Comments, and the pause before the next connection, are no events. */
const eventsIn = (text: string) =>
  Array.from(text.matchAll(/^event: (.*)\ndata: (.*)$/gm), ([, event = "", data = ""]) => ({ event, data }));

const escaped = (part: string | number) =>
  encodeURIComponent(String(part).replaceAll("~", "~0").replaceAll("/", "~1"));
