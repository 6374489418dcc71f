import { once } from "node:events";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

const attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]])));

const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  attributes,
  status: z.object({ code: z.number() }),
});

const request = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

export type ExportedSpan = z.infer<typeof span> & { service: unknown };

/** An OTLP collector (JSON over HTTP) that stores spans. A `silent` one never responds. */
export class Collector {
  readonly spans: ExportedSpan[] = [];
  /** How many requests it has received. */
  requests = 0;
  private readonly server: Server;

  constructor({ isSilent = false } = {}) {
    const take = async (req: IncomingMessage, res: ServerResponse) => {
      this.requests += 1;
      let text = "";
      for await (const part of req.setEncoding("utf8")) text += part;
      if (isSilent) return;
      for (const { resource, scopeSpans } of request.parse(JSON.parse(text)).resourceSpans)
        for (const { spans } of scopeSpans)
          for (const one of spans) this.spans.push({ ...one, service: resource.attributes["service.name"] });
      res.setHeader("Content-Type", "application/json").end("{}");
    };
    this.server = createServer((req, res) => void take(req, res));
  }

  /** @returns its address */
  async listen(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
