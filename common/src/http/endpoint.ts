import type { Request, RequestHandler, Response } from "express";
import { type ValidationChain, body as bodyField, query as queryField } from "express-validator";
import type { z } from "zod";
import type { EndpointDescription } from "../contract/openapi";
import { rawBody } from "./json-body";
import { requireAuth } from "./session";
import { validateRequest } from "./validate-request";

/** Its `req.body` is parsed by the description; its `req.query` is validated, but unchanged. */
export type EndpointHandler<Body extends z.ZodObject, Query extends z.ZodObject> = (
  req: Request<
    Record<string, string>,
    unknown,
    z.output<Body>,
    Partial<Record<keyof z.input<Query> & string, string>>
  >,
  res: Response,
) => void | Promise<void>;

/**
 * An endpoint's handlers, with the description that they were made from.
 * @example
 * const hello: Endpoint = endpoint(
 *   { id: "hello", summary: "Says hello", responses: { 200: { description: "A greeting" } } },
 *   (_req, res) => void res.json("Hello"),
 * );
 * hello.description?.id; // => "hello"
 */
export type Endpoint = RequestHandler[] & { description?: EndpointDescription };

/**
 * Describes a request once. From the description come the check of the session, express-validator's chains, one for each
 * field of the body and the query, the type of `req.body`, and the endpoint's part of the OpenAPI document. A field of
 * the body that is not described does not reach the handler.
 * @param steps chains for rules that a schema cannot express, then the handler
 * @example
 * import { z } from "zod";
 *
 * const renameTicket = endpoint(
 *   {
 *     id: "renameTicket",
 *     summary: "Rename a ticket",
 *     needsSession: true,
 *     body: z.object({ title: z.string({ error: "A title is required" }).min(1, "A title is required") }),
 *     responses: { 200: { description: "The new title", body: z.string() } },
 *   },
 *   (req, res) => void res.json(req.body.title),
 * );
 * createApp((api) => void api.put("/api/tickets/:ticketId", renameTicket));
 */
export function endpoint<Body extends z.ZodObject, Query extends z.ZodObject>(
  description: EndpointDescription<Body, Query>,
  ...steps: [...rules: ValidationChain[], handler: EndpointHandler<Body, Query>]
): Endpoint {
  const { needsSession, body, signature, query } = description;
  const rules = steps.slice(0, -1) as ValidationChain[];
  const chains = [...rules, ...chainsOf(body, bodyField), ...chainsOf(query, queryField)];
  const handlers = [
    ...(needsSession ? [requireAuth] : []),
    ...(signature ? [rawBody()] : []),
    ...chains,
    ...(chains.length > 0 ? [validateRequest] : []),
    ...(body ? [onlyDescribed(body)] : []),
    steps.at(-1) as RequestHandler,
  ];
  return Object.assign(handlers, { description });
}

type NewChain = (field: string) => ValidationChain;

function chainsOf(fields: z.ZodObject | undefined, chainFor: NewChain): ValidationChain[] {
  return Object.entries(fields?.shape ?? {}).map(([name, field]) => {
    const schema = field as z.ZodType;
    const check = (value: unknown) => {
      const { error } = schema.safeParse(value);
      if (error) throw new Error(error.issues[0]?.message);
      return true;
    };
    return chainFor(name).custom(check);
  });
}

/** Leaves the fields that the description names, as their schemas read them; one that is not sent is undefined. */
const onlyDescribed =
  (body: z.ZodObject): RequestHandler =>
  (req, _res, next) => {
    const read = body.parse(req.body ?? {});
    req.body = Object.fromEntries(Object.keys(body.shape).map((field) => [field, read[field]]));
    next();
  };
