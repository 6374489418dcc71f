import { AxiosError, AxiosHeaders } from "axios";
import { problemOf } from "./problem";

function errorWith(status: number, data: unknown, headers = {}): AxiosError {
  const config = { headers: new AxiosHeaders() };
  return new AxiosError(
    "refused",
    "ERR_BAD_REQUEST",
    config,
    {},
    { status, statusText: "", data, headers, config },
  );
}

it("assigns errors to their fields", () => {
  const errors = [{ message: "Enter a valid email address", field: "email" }];
  expect(problemOf(errorWith(400, { code: "invalid-input", errors }))).toEqual({
    code: "invalid-input",
    message: undefined,
    fields: { email: "Enter a valid email address" },
  });
});

it.each([
  ["1", "1 second"],
  ["89", "89 seconds"],
  ["90", "2 minutes"],
  ["1800", "30 minutes"],
  ["5400", "2 hours"],
  ["43200", "12 hours"],
])("returns the general message, and when to retry: after %s s", (retryAfter, words) => {
  const errors = [{ message: "Too many attempts" }];
  const refusal = errorWith(429, { code: "too-many-attempts", errors }, { "retry-after": retryAfter });
  expect(problemOf(refusal)).toEqual({
    code: "too-many-attempts",
    message: `Too many attempts. Try again in ${words}.`,
    fields: {},
  });
});

it("reports responses that are not the API's, and missing ones, as unreachable", () => {
  expect(problemOf(errorWith(502, "<html>"))).toMatchObject({ code: "unreachable" });
  expect(problemOf(new AxiosError("Network Error"))).toMatchObject({ code: "unreachable" });
});

it("rethrows errors that are bugs", () => {
  const bug = new TypeError("undefined is not a function");
  expect(() => problemOf(bug)).toThrow(bug);
});
