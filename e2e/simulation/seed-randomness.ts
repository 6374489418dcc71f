import crypto from "node:crypto";
import { mongo } from "mongoose";
import { Random } from "../random";

/** Makes ids, random bytes and `Math.random()` of this process deterministic. */
export function seedRandomness(random: Random): void {
  const bytes = (count: number) => random.bytes(count);
  const uuid = () => {
    const hex = bytes(16).toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
  const jitter = new Random(random.below(2 ** 32)); // a separate generator: calls by a library must not change ids
  Math.random = () => jitter.below(2 ** 32) / 2 ** 32;
  Object.assign(crypto, { randomBytes: bytes, randomUUID: uuid });
  Object.assign(mongo.ObjectId, { generate: () => bytes(12) });
}
