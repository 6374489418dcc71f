import { AxiosError, AxiosHeaders } from "axios";
import { problemOf } from "./problem";

function answered(status: number, data: unknown, headers = {}): AxiosError {
  const config = { headers: new AxiosHeaders() };
  return new AxiosError(
    "refused",
    "ERR_BAD_REQUEST",
    config,
    {},
    { status, statusText: "", data, headers, config },
  );
}

it("puts what is wrong with a field on the field", () => {
  const errors = [{ message: "A valid email is required", field: "email" }];
  expect(problemOf(answered(400, { code: "invalid-input", errors }))).toEqual({
    code: "invalid-input",
    message: undefined,
    fields: { email: "A valid email is required" },
  });
});

it("says what is wrong as a whole, and when to try again", () => {
  const errors = [{ message: "Too many attempts" }];
  expect(problemOf(answered(429, { code: "too-many-attempts", errors }, { "retry-after": "4" }))).toEqual({
    code: "too-many-attempts",
    message: "Too many attempts. Try again in 4 s.",
    fields: {},
  });
});

it("tells an answer that is not the API's, or none at all, from a refusal", () => {
  expect(problemOf(answered(502, "<html>"))).toMatchObject({ code: "unreachable" });
  expect(problemOf(new AxiosError("Network Error"))).toMatchObject({ code: "unreachable" });
});

it("does not take a bug for a refusal", () => {
  const bug = new TypeError("undefined is not a function");
  expect(() => problemOf(bug)).toThrow(bug);
});
