import { DiagLogLevel, ROOT_CONTEXT, SpanKind, diag, trace } from "@opentelemetry/api";
import { minutes, seconds } from "../base/clock";
import { onContext } from "../base/context";
import { withTimeout } from "../base/with-timeout";
import { logger } from "../base/logger";
import { settings, url } from "../base/settings";

const config = settings({
  /** A collector of OpenTelemetry, such as http://localhost:4318; without it nothing is recorded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: url()
    .regex(/^https?:/, "must begin with http:// or https://")
    .optional(),
});

let stop: (() => Promise<void>) | undefined;

/** If a collector is set, exports each context as a span from now on. OpenTelemetry is only loaded in this case. */
export async function startTraces(service: string): Promise<void> {
  if (!config.OTEL_EXPORTER_OTLP_ENDPOINT) return;
  const { BatchSpanProcessor, TracerProvider } = await import("@opentelemetry/sdk-trace");
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
  const { resourceFromAttributes } = await import("@opentelemetry/resources");

  const complain = atMostOnceIn(minutes(1), (problem) =>
    logger.warn({ err: problem }, "traces are not exported"),
  );
  diag.setLogger(
    { error: complain, warn: complain, info: () => {}, debug: () => {}, verbose: () => {} },
    DiagLogLevel.WARN,
  );
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    // It keeps 2048 spans while the collector is unavailable, and drops further ones.
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  const tracer = provider.getTracer("@eventhive/common");
  onContext(({ name, kind = "INTERNAL", attributes }, parent) =>
    tracer.startSpan(
      name,
      { kind: SpanKind[kind], attributes },
      parent ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : ROOT_CONTEXT,
    ),
  );
  stop = async () => {
    onContext(undefined);
    await withTimeout(provider.shutdown(), seconds(2)).catch(complain);
  };
}

/** Exports the remaining spans, for at most 2 s. */
export async function stopTraces(): Promise<void> {
  await stop?.();
}

/** An unavailable collector would be logged with each batch. */
function atMostOnceIn(milliseconds: number, report: (problem: unknown) => void): (problem: unknown) => void {
  let reportedAt = -Infinity;
  return (problem) => {
    if (performance.now() - reportedAt < milliseconds) return;
    reportedAt = performance.now();
    report(problem);
  };
}
