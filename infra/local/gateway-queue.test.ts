import { once } from "node:events";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { eventually } from "../../common/src/testing/eventually";
import { afterwards, send, backend, gatewayTo } from "./testing";

const maxConnections = 2;

it("sends at most one request per connection to a process, and queues the others", async () => {
  const { url, atWork } = await gatewayToOrders();
  const responses = Array.from({ length: 5 }, () => send(url));
  for (const count of [2, 2, 1]) {
    await eventually(() => expect(atWork).toHaveLength(count));
    for (const res of atWork.splice(0)) res.end("hello");
  }
  for (const { status } of await Promise.all(responses)) expect(status).toBe(200);
});

it("responds with 503 and Retry-After when the queue is full, and accepts requests again afterwards", async () => {
  const { url, atWork } = await gatewayToOrders({ maxPending: 3 });
  const responses = Array.from({ length: 3 }, () => send(url));
  await eventually(() => expect(atWork).toHaveLength(2));
  expect(await send(url)).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  while (responses.length > 0) {
    await eventually(() => expect(atWork).not.toHaveLength(0));
    atWork.shift()?.end("hello");
    await responses.shift();
  }
  const next = send(url);
  await eventually(() => expect(atWork).toHaveLength(1));
  atWork.shift()?.end("hello");
  expect(await next).toMatchObject({ status: 200 });
});

it("keeps streams separate, so that they do not block requests", async () => {
  const { url } = await gatewayToOrders({ respondsAtOnce: true });
  const streams = await Promise.all(
    Array.from({ length: maxConnections + 1 }, async () => {
      const stream = request(url, { agent: false, headers: { accept: "text/event-stream" } }).end();
      afterwards(() => stream.destroy());
      const [response]: IncomingMessage[] = await once(stream, "response");
      return response?.statusCode;
    }),
  );
  expect(streams).toEqual([200, 200, 200]);
  expect(await send(url)).toMatchObject({ status: 200, body: "hello" });
});

/** A process of orders whose responses are sent by the test, or automatically. */
async function gatewayToOrders({ respondsAtOnce = false, maxPending = 100 } = {}) {
  const atWork: ServerResponse[] = [];
  const orders = await backend("orders", (req, res) => {
    if (req.headers.accept === "text/event-stream")
      res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    else if (respondsAtOnce) res.end("hello");
    else atWork.push(res);
  });
  const url = await gatewayTo([orders], { maxConnections, maxPending });
  return { url: `${url}/api/orders/1`, atWork };
}
