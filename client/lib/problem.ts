import { isAxiosError } from "axios";
import type { ErrorBody } from "./types";
import { waitInWords } from "./words";

/** An error of the API, for display. */
export interface Problem {
  /** Pages switch on the code, never on the message. */
  code: string;
  /** For errors that belong to no field. */
  message?: string;
  fields: Record<string, string>;
}

/** Input that the page itself rejects, with messages by field name. */
export class InputError extends Error {
  constructor(readonly fields: Record<string, string>) {
    super("invalid input");
  }
}

/** @throws errors that did not come from a request: they are bugs */
export function problemOf(error: unknown): Problem {
  if (error instanceof InputError) return { code: "invalid-input", fields: error.fields };
  if (!isAxiosError<ErrorBody>(error)) throw error;
  const { data, status, headers } = error.response ?? {};
  if (!data?.errors)
    return {
      code: "unreachable",
      message: "EventHive cannot be reached. Try again in a moment.",
      fields: {},
    };
  const fields = Object.fromEntries(
    data.errors.flatMap(({ field, message }) => (field ? [[field, message]] : [])),
  );
  const general = data.errors.find(({ field }) => !field)?.message;
  const wait = status === 429 ? ` Try again in ${waitInWords(Number(headers?.["retry-after"]))}.` : "";
  return { code: data.code, message: general && general + (general.endsWith(".") ? "" : ".") + wait, fields };
}

/** The status of the API's response; 503 without one. */
export const statusOf = (error: unknown): number => (isAxiosError(error) && error.response?.status) || 503;
