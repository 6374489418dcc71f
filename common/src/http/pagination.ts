import type { Response } from "express";
import { trusted } from "mongoose";
import { z } from "zod";
import { InvalidInputError } from "../contract/errors";
import { exampleId, isId } from "../contract/ids";
import { publicOrigin } from "./session";

/**
 * A sort order of a list; the id breaks ties.
 * @example
 * const cheapestFirst: SortOrder = { name: "price", field: "price", direction: 1 };
 */
export interface SortOrder {
  /** Part of the cursor and of the URL. */
  name: string;
  field: "createdAt" | "price";
  direction: 1 | -1;
}

/**
 * The default order of lists.
 * @example
 * newestFirst.direction; // => -1
 */
export const newestFirst: SortOrder = { name: "newest", field: "createdAt", direction: -1 };

interface Item {
  id?: string;
  createdAt: Date;
  price?: number;
}

/** One page of a list: its query, and its response. */
export interface Page {
  /** Combined with the conditions of the list. */
  filter: Record<string, unknown>;
  sort: Record<string, 1 | -1>;
  /** One more than the page size, to detect whether there is another page. */
  limit: number;
  /** Sends the page, with a `Link` to the next one when there is more. */
  send(items: Item[]): void;
}

/** What decides the page. */
interface PageRequest {
  query: { limit?: unknown; cursor?: unknown };
  originalUrl: string;
}

const maxPageSize = 100;
const limitRule = `limit must be a whole number from 1 to ${maxPageSize}`;
const limit = z.coerce
  .number({ error: limitRule })
  .int(limitRule)
  .min(1, limitRule)
  .max(maxPageSize, limitRule)
  .default(50);

const exampleCursor = Buffer.from(
  JSON.stringify({ list: "newest", value: "2030-01-01T12:00:00.000Z", id: exampleId }),
).toString("base64url");

/**
 * The query of a list that is read by pages.
 * @example
 * import { z } from "zod";
 *
 * const query = pageQuery.extend({ q: z.string().optional() });
 * query.parse({ q: "jazz" }); // => { q: "jazz", limit: 50 }
 */
export const pageQuery = z.object({
  limit: limit.meta({ description: "The maximum number of results", examples: [20] }),
  cursor: z
    .string({ error: "cursor may be given only once" })
    .min(1, "cursor must not be empty")
    .optional()
    .meta({ description: "The cursor in the previous page's `Link` header", examples: [exampleCursor] }),
});

const cursorShape = z.object({
  list: z.string(),
  value: z.union([z.number(), z.iso.datetime()]),
  id: z.string().refine(isId),
});

/**
 * Reads `?limit` and `?cursor`. Pages follow keys, not offsets: nothing is skipped or shown twice when rows are
 * inserted or deleted, and the last page costs as much as the first.
 * @param list what else the list depends on; a cursor of another list is refused
 * @throws InvalidInputError
 * @example
 * createApp((api) => {
 *   api.get("/api/tickets", async (req, res) => {
 *     const { filter, sort, limit, send } = readPage(req, res);
 *     send(await Ticket.find(filter).sort(sort).limit(limit));
 *   });
 * });
 */
export function readPage(req: PageRequest, res: Response, { sort = newestFirst, list = "" } = {}): Page {
  const size = readLimit(req.query.limit);
  const listName = `${sort.name} ${list}`;
  const after = req.query.cursor === undefined ? undefined : readCursor(req.query.cursor, listName, sort);
  return {
    filter: after ? beyond(after, sort) : {},
    sort: { [sort.field]: sort.direction, _id: sort.direction },
    limit: size + 1,
    send: (items) => {
      const page = items.slice(0, size);
      const last = page.at(-1);
      if (last && items.length > size) res.set("Link", `<${nextUrl(req, listName, sort, last)}>; rel="next"`);
      res.json(page);
    },
  };
}

function readLimit(text: unknown): number {
  const result = limit.safeParse(text);
  if (!result.success) throw invalid("limit", limitRule);
  return result.data;
}

type Cursor = z.infer<typeof cursorShape>;

function readCursor(cursor: unknown, list: string, sort: SortOrder): Cursor {
  try {
    const read = cursorShape.parse(JSON.parse(Buffer.from(String(cursor), "base64url").toString()));
    if (read.list === list && typeof read.value === (sort.field === "price" ? "number" : "string"))
      return read;
  } catch {
    // Refused below, like one of another list.
  }
  throw invalid("cursor", "This cursor does not belong to this list: start again without it");
}

function beyond({ value, id }: Cursor, { field, direction }: SortOrder): Record<string, unknown> {
  const key = typeof value === "string" ? new Date(value) : value;
  const [further, furtherOrEqual] = direction === 1 ? ["$gt", "$gte"] : ["$lt", "$lte"];
  return {
    [field]: trusted({ [furtherOrEqual]: key }), // bounds the index; the rest breaks ties
    $or: [{ [field]: trusted({ [further]: key }) }, { _id: trusted({ [further]: id }) }],
  };
}

function nextUrl(req: PageRequest, list: string, sort: SortOrder, last: Item): string {
  const value = sort.field === "price" ? last.price : last.createdAt.toISOString();
  const cursor = Buffer.from(JSON.stringify({ list, value, id: last.id })).toString("base64url");
  // Only the first "?" begins the query; a base, because the target may be a whole URL, and may begin with "//".
  const { pathname, searchParams } = new URL(req.originalUrl.replace(/^\/+/, "/"), publicOrigin());
  searchParams.set("cursor", cursor);
  return `${pathname}?${searchParams.toString()}`;
}

const invalid = (field: string, message: string) => new InvalidInputError([{ message, field }]);
