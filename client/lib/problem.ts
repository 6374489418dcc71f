import { isAxiosError } from "axios";

/** What the API says of an input or a click that it refused. */
export interface Problem {
  /** Pages switch on this, never on the words. */
  code: string;
  /** What is wrong as a whole, when no field is to blame. */
  message?: string;
  fields: Record<string, string>;
}

interface ErrorBody {
  code: string;
  errors: { message: string; field?: string }[];
}

/** Input that the page itself refuses, by the names of its fields. */
export class InputError extends Error {
  constructor(readonly fields: Record<string, string>) {
    super("invalid input");
  }
}

/** @throws what is no answer of the API, but a bug of the page */
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
  const wait = status === 429 ? ` Try again in ${String(headers?.["retry-after"])} s.` : "";
  return { code: data.code, message: general && general + (general.endsWith(".") ? "" : ".") + wait, fields };
}

/** The status that the API answered with; 503 when it did not answer. */
export const statusOf = (error: unknown): number => (isAxiosError(error) && error.response?.status) || 503;
