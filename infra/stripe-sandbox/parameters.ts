import { z } from "zod";
import { invalidRequest } from "./stripe-error";

const missingMessage = "Missing required param";
const integerMessage = "Invalid integer";
const unknownMessage = "Received unknown parameter";

const codes: Record<string, string> = {
  [missingMessage]: "parameter_missing",
  [integerMessage]: "parameter_invalid_integer",
  [unknownMessage]: "parameter_unknown",
};

export const text = z.string(missingMessage);
/** Form-encoded input is text: 19.99, 1e3 and an empty string are not integers. */
export const integer = text.regex(/^\d+$/, integerMessage).transform(Number);

/** @throws StripeError about the first parameter that is missing, malformed or unknown, in Stripe's words */
export function readParameters<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const [first, ...rest] = [...(issue?.path ?? []), ...(unknown ? [unknown] : [])].map(String);
  const param = `${first ?? ""}${rest.map((key) => `[${key}]`).join("")}`;
  const message = unknown ? unknownMessage : (issue?.message ?? "Invalid request");
  throw invalidRequest(`${message}: ${param}`, { code: codes[message], param });
}
