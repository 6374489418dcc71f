import { z } from "zod";

const id = "[0-9a-f]{24}";
/** The format of an id. */
export const idPattern = new RegExp(`^${id}$`);

/** True for the text form of a MongoDB ObjectId, the only ids that EventHive gives. */
export const isId = (value: unknown): value is string => typeof value === "string" && idPattern.test(value);

/**
 * A field that is an id.
 * @param rule the message of its error
 */
export const idField = (rule: string) => z.string({ error: rule }).regex(idPattern, rule);

/** A field that is 1 to `max` ids, with commas between them. */
export const idsField = (max: number, rule: string) =>
  z.string({ error: rule }).regex(new RegExp(`^${id}(,${id}){0,${max - 1}}$`), rule);
