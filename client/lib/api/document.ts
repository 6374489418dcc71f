import document from "./openapi.json";

/** What the page about the API reads of the document. */
interface ApiDocument {
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; headers: Record<string, Described> };
}

export interface Operation {
  tags: string[];
  operationId: string;
  summary: string;
  security: object[];
  parameters: Parameter[];
  requestBody?: { content: Content };
  responses: Record<string, ApiResponse>;
}

export interface Parameter extends Described {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
}

export interface ApiResponse {
  description: string;
  headers: Record<string, { $ref: string }>;
  content?: Content;
}

interface Described {
  description?: string;
  schema: Schema;
}

type Content = Record<string, { schema: Schema }>;

export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: (string | number)[];
  const?: string;
  description?: string;
  default?: string | number;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  contentSchema?: Schema;
}

export const api = document as unknown as ApiDocument;

/** `#/components/schemas/Ticket` → `Ticket` */
export const nameOf = (reference: string): string => reference.split("/").at(-1) ?? "";
