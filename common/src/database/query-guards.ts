import { type Query, type Schema, trusted } from "mongoose";

// Mongoose does not export the symbol that `trusted()` sets.
const trustedSymbols = Object.getOwnPropertySymbols(trusted({}));
const isTrusted = (condition: object): boolean => trustedSymbols.some((symbol) => symbol in condition);

const queries = /^(find|count|distinct|update|replace|delete)/;
const combinations = ["$and", "$or", "$nor"];

/**
 * Guards for every query and bulk write of every model, so that no caller can omit them:
 * - An operator in a filter is refused unless it is wrapped in `trusted()`. `sanitizeFilter` alone would turn   `{
 * field: { $exists: true } }` into `{ field: { $eq: { $exists: true } } }` silently: a filter that finds nothing.
 * - The time limit of a cursor counts for each batch, not for its life: a sweep may take long over each document.
 */
export function guardQueries(schema: Schema): void {
  schema.pre(queries, function (this: Query<unknown, unknown>) {
    refuseUntrustedOperators(this.getFilter());
  });
  schema.pre("bulkWrite", function (next, writes) {
    for (const write of writes)
      for (const operation of Object.values(write))
        if ("filter" in operation) refuseUntrustedOperators(operation.filter);
    next();
  });
  schema.pre("find", function (this: Query<unknown, unknown>) {
    if (this.model.db.getClient().options.timeoutMS !== undefined)
      this.setOptions({ timeoutMode: "iteration" });
  });
}

/** @throws when a filter contains an operator that is not wrapped in `trusted()` */
function refuseUntrustedOperators(filter: Record<string, unknown>): void {
  for (const [field, condition] of Object.entries(filter)) {
    if (combinations.includes(field) && Array.isArray(condition)) condition.forEach(refuseUntrustedOperators);
    else if (hasOperator(condition))
      throw new Error(`The filter of ${field} has operators: wrap them in mongoose's trusted()`);
  }
}

/** A cursor's filter has been sanitized by then: an operator is then wrapped in `{ $eq: … }`. */
function hasOperator(condition: unknown): boolean {
  if (typeof condition !== "object" || condition === null || isTrusted(condition)) return false;
  const operators = Object.keys(condition).filter((key) => key.startsWith("$"));
  if ("$eq" in condition && operators.length === 1) return hasOperator(condition.$eq);
  return operators.length > 0;
}
