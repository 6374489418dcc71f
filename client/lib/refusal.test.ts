import { refusalCookie } from "./refusal";

jest.mock("server-only", () => ({}));
jest.mock("next/headers", () => ({}));

const problem = { code: "invalid-input", fields: { email: "Enter a valid email address" } };
const cookieFor = (email: string) => refusalCookie({ problem, email });
const valueOf = (cookie: string): unknown =>
  JSON.parse(decodeURIComponent(/^refused=([^;]*)/.exec(cookie)?.[1] ?? ""));

it("carries the error and the email", () => {
  expect(valueOf(cookieFor("alice@example.com"))).toEqual({ problem, email: "alice@example.com" });
});

it.each(['"', "東", "🎸", "\u0001"])("stays short enough for browsers, whatever is entered: %j", (text) => {
  for (const length of [100, 320, 5_000]) expect(cookieFor(text.repeat(length)).length).toBeLessThan(4_000);
  expect(valueOf(cookieFor(text.repeat(5_000)))).toEqual({ problem, email: "" });
});
