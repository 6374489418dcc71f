import { once } from "node:events";
import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
} from "node:http";

export interface HttpResponse {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: { code?: string; errors?: { message: string; field?: string }[]; requestId?: string } & Record<
    string,
    unknown
  >;
  /** Our end of the connection: the same as long as the connection lives. */
  port: number | undefined;
}

/** A client that sends all requests to a local server on one connection. */
export function oneConnection(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async send(
      method: string,
      path: string,
      { headers = {}, body }: { headers?: OutgoingHttpHeaders; body?: string } = {},
    ): Promise<HttpResponse> {
      const sent = request({ agent, host: "127.0.0.1", port, method, path, headers });
      sent.end(body);
      const [res]: [IncomingMessage] = await once(sent, "response").then(([first]) => [first]);
      const { localPort } = res.socket;
      let text = "";
      for await (const part of res.setEncoding("utf8")) text += part;
      return {
        status: res.statusCode,
        headers: res.headers,
        body: text.startsWith("{") ? JSON.parse(text) : { text },
        port: localPort,
      };
    },
    close: () => agent.destroy(),
  };
}
