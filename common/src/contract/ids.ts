import { z } from "zod";

const id = "[0-9a-f]{24}";
/** The format of an id. */
export const idPattern = new RegExp(`^${id}$`);
export const exampleId = "6553f1000000000000000001";

/**
 * True for the text form of a MongoDB ObjectId, the only ids that EventHive uses.
 * @example
 * isId("6553f1000000000000000001"); // => true
 * isId({ $gt: "" }); // => false
 */
export const isId = (value: unknown): value is string => typeof value === "string" && idPattern.test(value);

/**
 * A field that is an id.
 * @param rule the message of its error
 * @example
 * import { z } from "zod";
 *
 * const body = z.object({ ticketId: idField("ticketId must be an ID") });
 * body.parse({ ticketId: ticket.id }); // => { ticketId: ticket.id }
 */
export const idField = (rule: string) =>
  z
    .string({ error: rule })
    .regex(idPattern, rule)
    .meta({ examples: [exampleId] });

/**
 * A field that is 1 to `max` ids, with commas between them.
 * @example
 * import { z } from "zod";
 *
 * const query = z.object({ orderId: idsField(100, "orderId must be 1 to 100 IDs") });
 * query.safeParse({ orderId: `${newId()},${newId()}` }).success; // => true
 */
export const idsField = (max: number, rule: string) =>
  z
    .string({ error: rule })
    .regex(new RegExp(`^${id}(,${id}){0,${max - 1}}$`), rule)
    .meta({ examples: [exampleId, `${exampleId},6553f1000000000000000002`] });
