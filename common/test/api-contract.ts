import { EventEmitter } from "node:events";
import type { Express, Response } from "express";
import request from "supertest";
import { StoreUnavailableError } from "../src/base/with-timeout";
import { countStream } from "../src/http/open-streams";
import type { UserAccess } from "../src/service/user-access";
import { deliver, newId, signedIn } from "../src/testing";
import type { Document } from "./documented-responses";

process.env.BODY_TIMEOUT = "2s";
process.env.MAX_STREAMS = "2";
process.env.MAX_STREAMS_PER_USER = "1";

type Operation = {
  security: object[];
  parameters: { in: string }[];
  requestBody?: object;
  operationId: string;
  responses: Record<string, { content?: Record<string, unknown> }>;
};

/** What follows for each endpoint of a service from its description. Its responses are compared with the document. */
export function itKeepsItsContract(app: Express): void {
  const { paths } = (app.locals as { openApi: () => Document }).openApi();
  // Without those that reject other methods.
  const routes = app.router.stack.flatMap(({ route }) => {
    const [firstStep, ...steps] = route?.stack ?? [];
    if (!route || !firstStep || steps.some((step) => step.method !== firstStep.method)) return [];
    return { method: firstStep.method, template: route.path.replaceAll(/:(\w+)/g, "{$1}"), firstStep };
  });
  const operations = routes.flatMap(({ method, template, firstStep }) => {
    const operation = paths[template]?.[method];
    if (!operation) return [];
    const path = template.replaceAll(/{\w+}/g, newId());
    const { operationId, security, parameters, requestBody, responses } = operation as Operation;
    const send = (userId = newId()) => request(app)[method as "get"](path).set("Cookie", signedIn(userId));
    return {
      name: operationId,
      method,
      path,
      firstStep,
      send,
      needsSession: security.length > 0,
      hasBody: Boolean(requestBody),
      isSigned: parameters.some((parameter) => parameter.in === "header"),
      isStream: Boolean(responses[200]?.content?.["text/event-stream"]),
    };
  });
  const changes = operations.filter(({ method, isSigned }) => method !== "get" && !isSigned);
  const withBody = operations.filter(({ hasBody, isSigned }) => hasBody && !isSigned);

  for (const { name, method, path } of operations.filter(({ needsSession }) => needsSession))
    it(`rejects ${name} without a session`, async () => {
      await request(app)[method as "get"](path).expect(401);
    });

  it("rejects whatever needs a session with that of a banned user", async () => {
    const id = newId();
    const { access } = app.locals as { access: UserAccess };
    const [userBanned] = access.listeners;
    await deliver(userBanned, { id, version: 1, banned: true, since: new Date().toISOString() });
    for (const { method, path } of operations.filter(({ needsSession }) => needsSession)) {
      const { body } = await request(app)[method as "get"](path).set("Cookie", signedIn(id)).expect(403);
      expect(body.code).toBe("banned");
    }
  });

  it.each(changes)("rejects $name of another site", async ({ send }) => {
    await send().set("Sec-Fetch-Site", "cross-site").expect(403);
  });

  it.each(changes)("rejects $name with a body that is not JSON, or too large", async ({ send }) => {
    await send().type("form").send("a=1").expect(415);
    await send()
      .send({ text: "x".repeat(20_000) })
      .expect(413);
    const { body } = await send().type("json").send("{ no").expect(400);
    expect(body.code).toBe("malformed");
  });

  it.each(withBody)("rejects $name with a body of other fields", async ({ send }) => {
    const { body } = await send().send({ $gt: "" }).expect(400);
    expect(body.code).toBe("invalid-input");
  });

  for (const { name, send } of operations.filter(({ isSigned }) => isSigned))
    it(`rejects ${name} with a body that is too large, or cannot be decoded`, async () => {
      await send().send("x".repeat(300_000)).expect(413);
      await send().set("Content-Encoding", "unknown").send("x").expect(415);
      const { body } = await send().set("Content-Encoding", "gzip").send("x").expect(400);
      expect(body.code).toBe("malformed");
    });

  it.each(operations.filter(({ method }) => method === "get"))(
    "ignores the body of $name",
    async ({ send }) => {
      const { status } = await send().set("Accept", "application/json"); // not a stream
      for (const body of ["a=1", "x".repeat(20_000)]) {
        const response = await send().set("Accept", "application/json").type("form").send(body);
        expect(response.status).toBe(status);
      }
    },
  );

  it.each(operations)(
    "responds to $name with 500 after a bug, and with 503 while its store is unavailable",
    async ({ firstStep, send }) => {
      const step = jest.spyOn(firstStep, "handle");
      step.mockRejectedValueOnce(new Error("a bug"));
      step.mockRejectedValueOnce(new StoreUnavailableError("no response"));
      await send().expect(500);
      await send().expect(503);
    },
  );

  it("responds with 408 to a body that does not arrive, whichever endpoint it is sent to", async () => {
    const reading = operations.filter(({ method }) => method !== "get");
    const responses = await Promise.all(
      reading.map(({ send }) => send().type("json").set("Content-Length", "9").send("{")),
    );
    expect(responses.map(({ body }) => body.code)).toEqual(reading.map(() => "request-timeout"));
  });

  for (const { name, send } of operations.filter(({ isStream }) => isStream))
    it(`rejects ${name} at the limits of open streams, of a user and of the process`, async () => {
      const userId = newId();
      const open: Response[] = [];
      for (const status of [429, 503]) {
        const stream = new EventEmitter() as Response;
        countStream(stream, { userId, sessionEpoch: 0, network: "", site: "" });
        open.push(stream);
        const { body } = await send(userId).set("Accept", "text/event-stream").expect(status);
        expect(body.code).toBe("too-many-streams");
      }
      for (const stream of open) stream.emit("close");
    });

  for (const template of Object.keys(paths).filter((each) => each.includes("{")))
    it.each(Object.keys(paths[template] ?? {}))(
      `rejects a malformed path of ${template}: %s`,
      async (method) => {
        const path = template.replaceAll(/{\w+}/g, "%E0%A4%A");
        const { body } = await request(app)[method as "get"](path).set("Cookie", signedIn()).expect(400);
        expect(body.code).toBe("malformed");
      },
    );

  it.each(Object.keys(paths))("rejects other methods of %s with 405", async (template) => {
    const path = template.replaceAll(/{\w+}/g, newId());
    const documented = Object.keys(paths[template] ?? {});
    for (const method of ["get", "post", "put", "delete"].filter((each) => !documented.includes(each)))
      await request(app)[method as "get"](path).set("Cookie", signedIn()).expect(405);
    const { headers, body } = await request(app).patch(path).expect(405);
    expect(body.code).toBe("method-not-allowed");
    for (const method of Object.keys(paths[template] ?? {}))
      expect(headers.allow).toContain(method.toUpperCase());
    await request(app)
      .options(path)
      .expect(204)
      .expect("Allow", headers.allow ?? "");
  });

  it("describes all routes except that of its document", () => {
    const others = routes.filter(({ method, template }) => !paths[template]?.[method]);
    expect(others.map(({ template }) => template)).toEqual([expect.stringMatching(/openapi\.json$/)]);
  });

  it("serves its document before the routes with parameters", async () => {
    const [root = ""] = Object.keys(paths).toSorted((one, other) => one.length - other.length);
    const base = root.split("/").slice(0, 3).join("/");
    const { body } = await request(app).get(`${base}/openapi.json`).expect(200);
    expect(body).toEqual(JSON.parse(JSON.stringify((app.locals as { openApi: () => Document }).openApi())));
    expect(body).toMatchObject({ openapi: "3.1.1", info: { title: expect.any(String) } });
  });
}
