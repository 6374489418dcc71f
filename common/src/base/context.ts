import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import {
  type Attributes,
  type Span,
  type SpanContext,
  type SpanKind,
  SpanStatusCode,
} from "@opentelemetry/api";

/** The context shared by all work for one request or event. It is passed on with every event that the work publishes. */
export interface Context {
  /** W3C trace context (https://www.w3.org/TR/trace-context/): version, trace id, span id, flags. */
  traceparent: string;
  requestId?: string;
  eventId?: string;
}

/** How an exported span describes some work. */
export interface Description {
  name: string;
  kind?: keyof typeof SpanKind;
  attributes?: Attributes;
}

type StartSpan = (description: Description, parent?: SpanContext) => Span;

const storage = new AsyncLocalStorage<Context>();
let startSpan: StartSpan | undefined;

/** For the export of traces: from now on, each context is a span created by `start`. */
export function onContext(start: StartSpan | undefined): void {
  startSpan = start;
}

/**
 * The context of the current work; undefined outside a request, an event or a command.
 * @example
 * withContext({ requestId: "request-1" }, () => currentContext()?.requestId); // => "request-1"
 * currentContext(); // => undefined
 */
export const currentContext = (): Context | undefined => storage.getStore();

/**
 * Runs `work` as a new span of the trace that `traceparent` names, or of a new trace. `work` is given the span when
 * traces are exported; it lasts until what `work` returns is settled.
 * @example
 * const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
 * withContext({ traceparent }, () => currentContext()?.traceparent.slice(3, 35)); // => "0af7651916cd43dd8448eb211c80319c"
 */
export function withContext<T>(
  context: Partial<Context>,
  work: (span?: Span) => T,
  description: Description = { name: "work" },
): T {
  const parent = parse(context.traceparent);
  const span = startSpan?.(description, parent);
  const { traceId, spanId, traceFlags } = span?.spanContext() ?? {
    traceId: parent?.traceId ?? randomHex(),
    spanId: randomHex().slice(0, 16),
    traceFlags: parent?.traceFlags ?? 1,
  };
  const traceparent = `00-${traceId}-${spanId}-0${traceFlags}`;
  const result = storage.run({ ...context, traceparent }, work, span);
  if (span) void endWith(span, result);
  return result;
}

/** 32 digits. Node.js draws the bytes of many UUIDs at once; `randomBytes` makes a system call each time. */
const randomHex = (): string => randomUUID().replaceAll("-", "");

async function endWith(span: Span, result: unknown): Promise<void> {
  try {
    await result;
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
  } finally {
    span.end();
  }
}

const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** A malformed header is ignored, because any client can send one. */
function parse(traceparent = ""): SpanContext | undefined {
  const [, traceId, spanId, flags] = form.exec(traceparent) ?? [];
  if (!traceId || !spanId || !flags) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}
