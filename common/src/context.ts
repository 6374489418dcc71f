import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";

/** What all work for one request or event has in common; it travels with every event that the work causes. */
export interface Context {
  /** W3C trace context (https://www.w3.org/TR/trace-context/): version, trace id, span id, flags. */
  traceparent: string;
  requestId?: string;
  eventId?: string;
}

const storage = new AsyncLocalStorage<Context>();

/** What the present work belongs to; undefined outside a request, an event or a command. */
export const currentContext = (): Context | undefined => storage.getStore();

/** Runs `work` as a new span of the trace that `traceparent` names, or of a new trace. */
export function withContext<T>(context: Partial<Context>, work: () => T): T {
  const { traceId = randomBytes(16).toString("hex"), isSampled = true } = parse(context.traceparent) ?? {};
  const traceparent = `00-${traceId}-${randomBytes(8).toString("hex")}-${isSampled ? "01" : "00"}`;
  return storage.run({ ...context, traceparent }, work);
}

/** What is not of the standard's form is as good as none: it may come from anybody. */
function parse(traceparent = "") {
  const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;
  const [, traceId, flags] = form.exec(traceparent) ?? [];
  return flags ? { traceId, isSampled: Number.parseInt(flags, 16) % 2 === 1 } : undefined;
}
