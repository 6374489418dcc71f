/** True for the text form of a MongoDB ObjectId, the only ids that EventHive gives. */
export const isId = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{24}$/.test(value);
