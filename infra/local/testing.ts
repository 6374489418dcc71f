import { once } from "node:events";
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  type Server,
  type ServerResponse,
} from "node:http";
import { text } from "node:stream/consumers";
import type { Backend } from "./backends";
import { type GatewayOptions, startGateway } from "./gateway";
import { freePort } from "./port";
import { readRoutes } from "./routes";

const cleanups: (() => unknown)[] = [];

/** Runs after the test, in reverse order. */
export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

export type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

/** A fake process of a service, ready by default. */
export async function backend(
  service: string,
  handler: Handler,
  isReady = () => true,
): Promise<Backend & { server: Server; stop: () => void }> {
  const port = await freePort();
  const server = createServer((req, res) => {
    if (req.url === "/readyz") res.writeHead(isReady() ? 200 : 503).end();
    else handler(req, res);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  afterwards(stop);
  return { service, url: `http://127.0.0.1:${port}`, server, stop };
}

/** Starts a gateway in front of these processes, with the routes of the manifest. Resolves with its URL. */
export async function gatewayTo(
  backends: Backend[],
  options: Omit<GatewayOptions, "port" | "routes" | "backends"> = {},
): Promise<string> {
  const port = await freePort();
  const gateway = await startGateway({ port, routes: readRoutes(), backends, ...options });
  afterwards(() => gateway.close());
  return `http://127.0.0.1:${port}`;
}

export interface HttpResponse {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Sends a request on its own connection, unless an agent is given. */
export async function send(
  url: string,
  options: RequestOptions & { body?: string } = {},
): Promise<HttpResponse> {
  const sent = request(url, { agent: false, ...options }).end(options.body);
  const [response]: IncomingMessage[] = await once(sent, "response");
  if (!response) throw new Error("no response");
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}
