import type { IncomingMessage, ServerResponse } from "node:http";
import type { History, Process } from "./history";
import type { Answer, Marketplace } from "./people";
import { serviceFor } from "./services";

type Request = Parameters<Marketplace["ask"]>[0];

/** Real HTTP between people, services and the payment gateway: every request is a task of the process that it reaches. */
export class Wire {
  lostAnswers = 0;
  private turn = 0;

  constructor(
    private readonly url: string,
    private readonly history: History,
  ) {}

  /** Goes to the processes of a service in turn, as the gateway of the stack does. */
  async ask(request: Request): Promise<Answer | undefined> {
    const { who, method, path, body } = request;
    const up = this.history.upOf(serviceFor(path));
    const process = up[this.turn++ % Math.max(1, up.length)];
    this.history.tell(`${who}: ${method} ${path} ${JSON.stringify(body ?? {})}`);
    const answer = process ? await this.reach(process, request) : { status: 503, body: {} };
    this.history.tell(`${who} is told ${answer ? `${answer.status} ${codeOf(answer.body)}` : "nothing"}`);
    return answer;
  }

  private reach(
    { name }: Process,
    { who, method, path, body, cookie }: Request,
  ): Promise<Answer | undefined> {
    const cancel = new AbortController();
    const send = (id: number) =>
      fetch(this.url + path, {
        method,
        headers: { "x-task": String(id), cookie, ...(body && { "content-type": "application/json" }) },
        body: JSON.stringify(body),
        signal: cancel.signal,
      });
    return new Promise((resolve) => {
      this.history.scheduler.start(
        name,
        `${method} ${path.split("/").slice(0, 3).join("/")} of ${who}`,
        async ({ id }) => answerOf(await send(id)),
        {
          onEnd: (outcome) => resolve(outcome.status === "fulfilled" ? outcome.value : undefined),
          onKill: () => {
            this.lostAnswers++;
            cancel.abort();
            resolve(undefined);
          },
        },
      );
    });
  }

  /** A request that came in. */
  receive(request: IncomingMessage, response: ServerResponse): void {
    const { scheduler, gateway, processes } = this.history;
    if (request.headers["x-sandbox"]) return void gateway.sandbox.app(request, response);
    if (request.url?.startsWith("/v1/")) return void gateway.take(request, response);
    const task = scheduler.tasks.find(({ id }) => String(id) === request.headers["x-task"]);
    const process = processes.find(({ name }) => name === task?.process);
    if (task && process) scheduler.within(task, () => process.service.definition.app?.(request, response));
  }

  /** Passes a request to the gateway on to the sandbox. */
  forward({ method = "GET", url = "", headers }: IncomingMessage, body: string): Promise<Response> {
    const sent = new Headers({ "x-sandbox": "yes" });
    for (const name of ["authorization", "idempotency-key", "content-type"])
      if (headers[name]) sent.set(name, String(headers[name]));
    return fetch(this.url + url, { method, headers: sent, body: body || undefined });
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return {
    status: response.status,
    body: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : undefined,
    cookie: response.headers.getSetCookie()[0]?.split(";")[0],
  };
}

const codeOf = (body: unknown): string =>
  typeof body === "object" && body !== null && "code" in body ? String(body.code) : "";
