import { z } from "zod";
import { openApi } from "../src/contract/openapi";
import { DocumentedResponses } from "./documented-responses";

const kite = z.object({ id: z.string(), colour: z.string() });
const responses = new DocumentedResponses(
  openApi("Kites", [
    {
      method: "get",
      path: "/api/kites/stream",
      description: {
        id: "streamKites",
        summary: "Stream changes to kites",
        responses: {
          200: {
            description: "The newest states",
            body: z.array(kite),
            headers: ["Link", "X-Server-Time"],
            stream: { event: "kite", data: kite },
          },
        },
      },
    },
    {
      method: "delete",
      path: "/api/kites",
      description: { id: "sellAll", summary: "", responses: { 200: { description: "All are sold" } } },
    },
  ]),
);

const described = { "X-Request-Id": "1", "X-Server-Time": "1700000000000" };
const problemOf = (contentType: string, body: string, headers: object = described, status = 200) =>
  responses.problemOf({
    method: "GET",
    path: "/api/kites/stream",
    status,
    header: (name) => new Map(Object.entries({ "Content-Type": contentType, ...headers })).get(name),
    body,
  });
const problemOfStream = (body: string) => problemOf("text/event-stream", body);

const red = JSON.stringify({ id: "1", colour: "red" });

it("accepts a described list, and described events among other messages", () => {
  expect(problemOf("application/json; charset=utf-8", `[${red}]`)).toBeUndefined();
  expect(problemOfStream("retry: 1000\n\n")).toBeUndefined();
  expect(problemOfStream(`:\n\nevent: kite\ndata: ${red}\n\n`)).toBeUndefined();
});

it.each([
  ["an event of another name", `event: balloon\ndata: ${red}\n\n`, /event must be equal to constant/],
  ["an event without a field", `event: kite\ndata: {"id":"1"}\n\n`, /required property 'colour'/],
  [
    "a second event without a field",
    `event: kite\ndata: ${red}\n\nevent: kite\ndata: {"id":"1"}\n\n`,
    /required property 'colour'/,
  ],
])("reports %s", (_name, body, problem) => {
  expect(problemOfStream(body)).toMatch(problem);
});

it("reports other types, and a list without a field", () => {
  expect(problemOf("text/plain", red)).toMatch(/text\/plain is not documented/);
  expect(problemOf("application/json", '[{"id":"1"}]')).toMatch(/required property 'colour'/);
});

it.each([
  ["a missing header", { "X-Request-Id": "1" }, "X-Server-Time is missing"],
  [
    "a header of another type",
    { ...described, "X-Server-Time": "today" },
    "X-Server-Time: data must be integer",
  ],
  ["a header that is not documented", { ...described, "Set-Cookie": "a=1" }, "Set-Cookie is not documented"],
])("reports %s", (_name, headers, problem) => {
  expect(problemOf("application/json", `[${red}]`, headers)).toBe(`GET /api/kites/stream 200: ${problem}`);
});

it("reports a body where none is documented, and a success at a path that is not documented", () => {
  const response = { status: 200, header: (name: string) => (name === "X-Request-Id" ? "1" : undefined) };
  const problemAt = (method: string, path: string, body: string) =>
    responses.problemOf({ ...response, method, path, body });
  expect(problemAt("DELETE", "/api/kites", "")).toBeUndefined();
  expect(problemAt("DELETE", "/api/kites", "OK")).toMatch("a body is not documented: OK");
  expect(problemAt("GET", "/api/kites/openapi.json", "{}")).toBeUndefined();
  expect(problemAt("GET", "/api/strings", "[]")).toMatch("the path is not documented");
});

it("accepts optional headers, with and without a value", () => {
  expect(
    problemOf("application/json", `[${red}]`, { ...described, Link: "</api/kites?after=1>" }),
  ).toBeUndefined();
});

it("requires Retry-After on a transient error, and accepts no header of a success there", () => {
  const error = JSON.stringify({ code: "unavailable", errors: [], requestId: "1" });
  const documented = { "X-Request-Id": "1" };
  expect(problemOf("application/json", error, documented, 503)).toMatch("Retry-After is missing");
  const retried = { ...documented, "Retry-After": "1" };
  expect(problemOf("application/json", error, retried, 503)).toBeUndefined();
  const timed = { ...retried, "X-Server-Time": "1700000000000" };
  expect(problemOf("application/json", error, timed, 503)).toMatch("X-Server-Time is not documented");
});
