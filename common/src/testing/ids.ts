import { randomUUID } from "node:crypto";
import { Types } from "mongoose";

/**
 * A new aggregate id.
 * @example
 * isId(newId()); // => true
 */
export const newId = (): string => new Types.ObjectId().toHexString();

/**
 * The ids of an event of which a test needs nothing but its bytes.
 * @example
 * isId(newIds().aggregateId); // => true
 */
export const newIds = () => ({ id: randomUUID(), aggregateId: newId() });
