import type { RequestHandler } from "express";
import { type FieldValidationError, validationResult } from "express-validator";
import { type ErrorDetail, InvalidInputError } from "../contract/errors";

/**
 * Rejects a request whose validators, listed before this one in the route, found errors: one message per field.
 * @example
 * import { query } from "express-validator";
 *
 * createApp((api) => {
 *   const rule = query("q").notEmpty().withMessage("Enter a word");
 *   api.get("/api/search", rule, validateRequest, (req, res) => void res.json(req.query.q));
 * });
 */
export const validateRequest: RequestHandler = (req, _res, next) => {
  const problems = validationResult(req).array({ onlyFirstError: true });
  if (problems.length > 0) throw new InvalidInputError(problems.map(detail));
  next();
};

function detail(problem: { msg: unknown; type: string } | FieldValidationError): ErrorDetail {
  const message = String(problem.msg);
  return "path" in problem ? { message, field: problem.path } : { message };
}
