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
        summary: "Changes of kites",
        responses: {
          200: {
            description: "The newest states",
            body: z.array(kite),
            stream: { event: "kite", data: kite },
          },
        },
      },
    },
  ]),
);

const problemOf = (contentType: string, body: string) =>
  responses.problemOf({ method: "GET", path: "/api/kites/stream", status: 200, contentType, body });
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
