import { join } from "node:path";
import { z } from "zod";
import { Collector } from "../../test/trace-collector";
import { freePort } from "../../../infra/local/port";
import { eventually } from "../testing/eventually";
import { endProcesses, run, testEnvironment } from "../../test/service-process";

const collectors: Collector[] = [];
afterAll(async () => {
  await endProcesses();
  for (const collector of collectors) collector.close();
});

async function collect(options?: { isSilent: boolean }) {
  const collector = new Collector(options);
  collectors.push(collector);
  return { collector, endpoint: await collector.listen() };
}

const [SERVER, PRODUCER, CONSUMER] = [2, 4, 5]; // as OTLP counts them
const [UNSET, ERROR] = [0, 2];

it.concurrent("exports requests, the events that they cause, and how these are handled", async () => {
  const { collector, endpoint } = await collect();
  const { environment } = await testEnvironment();
  const samples = run({
    file: join(__dirname, "../../test/traced-samples.ts"),
    environment: { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, LOG_LEVEL: "silent" },
  });
  expect(await samples.ended).toBe(0);
  const seen = z.array(z.record(z.string(), z.string())).parse(JSON.parse(samples.printed()));
  const spansOf = (digit: string) => collector.spans.filter(({ traceId }) => traceId === digit.repeat(32));
  const spanOf = (name: string) => collector.spans.find((span) => span.name === name);

  // One trace, each the child of its cause; with the ids that the logs have.
  const [request, publishing, handling] = [
    "POST /api/samples/:title",
    "publish ticket:created",
    "handle ticket:created",
  ].map(spanOf);
  expect(spansOf("1")).toHaveLength(3);
  expect(request).toMatchObject({
    service: "samples",
    kind: SERVER,
    parentSpanId: "b".repeat(16),
    attributes: {
      "http.request.method": "POST",
      "http.route": "/api/samples/:title",
      "http.response.status_code": 200,
      "url.path": "/api/samples/Kite",
    },
    status: { code: UNSET },
  });
  expect(publishing).toMatchObject({ kind: PRODUCER, parentSpanId: request?.spanId });
  expect(handling).toMatchObject({
    kind: CONSUMER,
    parentSpanId: publishing?.spanId,
    attributes: {
      "messaging.destination.name": "ticket:created",
      "messaging.message.id": publishing?.attributes["messaging.message.id"],
      redeliveries: 0,
      outcome: "done",
    },
  });
  expect(seen[0]).toEqual({
    title: "Kite",
    requested: `00-${"1".repeat(32)}-${request?.spanId}-01`,
    handled: `00-${"1".repeat(32)}-${handling?.spanId}-01`,
  });

  // What failed is marked.
  expect(spansOf("2")).toMatchObject([
    { name: "GET /api/broken", attributes: { "http.response.status_code": 500 }, status: { code: ERROR } },
  ]);
  expect(spanOf("handle expiration:complete")).toMatchObject({
    attributes: { redeliveries: 2, outcome: "deadLettered" },
    status: { code: ERROR },
  });

  // A trace that its first service does not record is not exported by the others either.
  expect(spansOf("3")).toEqual([]);
  expect(seen[1]).toEqual({
    title: "Ball",
    requested: expect.stringMatching(`^00-${"3".repeat(32)}-[0-9a-f]{16}-00$`),
    handled: expect.stringMatching(`^00-${"3".repeat(32)}-[0-9a-f]{16}-00$`),
  });
});

/** Lets a service handle one request and then shut down. */
async function respondAndStop(settings: object) {
  const { environment, send } = await testEnvironment();
  const service = run({ environment: { ...environment, ...settings } });
  await eventually(async () => expect((await send("/readyz")).status).toBe(200));
  expect((await send("/api/samples")).status).toBe(200);
  const signalledAt = performance.now();
  service.signal("SIGTERM");
  expect(await service.ended).toBe(0);
  return {
    complaints: service.printed().match(/.*traces are not exported.*/g),
    seconds: (performance.now() - signalledAt) / 1000,
  };
}

it.concurrent("exports the last spans while it stops", async () => {
  const { collector, endpoint } = await collect();
  const { complaints } = await respondAndStop({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  expect(collector.spans).toMatchObject([{ service: "samples", name: "GET /api/samples" }]);
  expect(complaints).toBeNull();
});

// Well below the 10 s that an exporter waits for its collector.
const maxStop = 8;

it.concurrent("is not delayed by an unavailable collector, and logs it", async () => {
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const { complaints, seconds } = await respondAndStop({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  expect(seconds).toBeLessThan(maxStop);
  expect(complaints).toHaveLength(1);
});

it.concurrent("is not held up by a collector that never responds, and logs it", async () => {
  const { collector, endpoint } = await collect({ isSilent: true });
  const { complaints, seconds } = await respondAndStop({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  expect(seconds).toBeLessThan(maxStop);
  expect([collector.requests, complaints]).toEqual([1, [expect.any(String)]]);
});

it.concurrent.each([
  ["http://127.0.0.1:4318", true],
  ["", false],
])("with %j as endpoint OpenTelemetry is loaded: %s", async (endpoint, isLoaded) => {
  const script = `
    const loaded = [];
    require("node:module").registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    require("${__dirname}/traces").startTraces("samples").then(() => {
      console.log(loaded.some((url) => /opentelemetry.(sdk-trace|exporter)/.test(url)));
      process.exit();
    })`;
  const started = run({ file: "-e", args: [script], environment: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } });
  expect(await started.ended).toBe(0);
  expect(started.printed()).toBe(`${isLoaded}\n`);
});

it.concurrent.each(["collector:4318", "nonsense"])(
  "rejects %s as the address of a collector",
  async (endpoint) => {
    const service = run({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } });
    expect(await service.ended).toBe(1);
    expect(service.printed()).toContain("OTEL_EXPORTER_OTLP_ENDPOINT must be");
  },
);
