import type { IncomingMessage, ServerResponse } from "node:http";
import type { ReceivedUser } from "./monitor";
import type { Simulation, Process } from "./simulation";
import { type ApiResponse, request } from "../request";
import { type UserRequest, claimsIn } from "./user";
import { serviceFor } from "./services";

const unavailable: ApiResponse<unknown> = {
  status: 503,
  headers: new Headers(),
  ok: false,
  body: { code: "unavailable", requestId: "", errors: [] },
};

/** Real HTTP between users, services and the payment gateway. Each request is a task of the process that handles it. */
export class Network {
  lostResponses = 0;
  private next = 0;

  constructor(
    private readonly url: string,
    private readonly simulation: Simulation,
  ) {}

  /** Balances over the running processes of a service (round-robin), as the gateway of the stack does. */
  async send(sent: UserRequest): Promise<ApiResponse<unknown> | undefined> {
    const { user, method, path, body } = sent;
    const running = this.simulation.runningProcesses(serviceFor(path)).filter(({ isOpen }) => isOpen);
    const process = running[this.next++ % Math.max(1, running.length)];
    const refusedBy = process && this.refusedBy(process, sent);
    this.simulation.trace(`${user}: ${method} ${path} ${JSON.stringify(body ?? {})}`);
    const response = process ? await this.sendTo(process, sent) : unavailable;
    this.simulation.trace(
      `${user} receives ${response ? `${response.status} ${response.ok ? "" : response.body.code}` : "nothing"}`,
    );
    const service = serviceFor(path);
    if (response?.ok && service !== "auth")
      for (const state of [response.body].flat())
        this.simulation.monitor.checkCertain(`${service}.${service}`, state, "shown");
    // The same before and after: the ban has not ended meanwhile.
    if (process && refusedBy !== undefined && response?.ok && this.refusedBy(process, sent) === refusedBy)
      this.simulation.monitor.violations.push(
        `I15: ${process.name} accepted ${method} ${path} of ${user}, whose ban or end of sessions it had received`,
      );
    return response;
  }

  /**
   * The newest version of the user if, by all that the process has received and may have read, the user is banned or this
   * session has ended.
   */
  private refusedBy({ received, service }: Process, { user, path, cookie }: UserRequest): number | undefined {
    const { userContext, monitor } = this.simulation;
    const account = userContext.accountIds.get(user);
    const session = /\/sign(?:in|up)$/.test(path) ? undefined : claimsIn(cookie);
    const isRefused = (id: string, { endedBefore }: ReceivedUser) =>
      (id === account && endedBefore === Infinity) ||
      (id === session?.id && session.sessionEpoch < endedBefore);
    for (const id of [account, session?.id].filter((each) => each !== undefined)) {
      const known = received.get(id);
      if (!known || !isRefused(id, known)) continue;
      const stored = monitor.usersIn(service.name).get(id) ?? known;
      const newest = stored.version > known.version ? stored : known;
      if (isRefused(id, newest)) return newest.version;
    }
    return undefined;
  }

  private sendTo({ name }: Process, sent: UserRequest): Promise<ApiResponse<unknown> | undefined> {
    const { user, method, path } = sent;
    const cancel = new AbortController();
    return new Promise((resolve) => {
      this.simulation.scheduler.start(
        name,
        `${method} ${path.split("/").slice(0, 3).join("/")} of ${user}`,
        ({ id }) =>
          request(this.url, {
            ...sent,
            headers: { ...sent.headers, "x-task": String(id) },
            signal: cancel.signal,
          }),
        {
          onEnd: (outcome) => resolve(outcome.status === "fulfilled" ? outcome.value : undefined),
          onKill: () => {
            this.lostResponses++;
            cancel.abort();
            resolve(undefined);
          },
        },
      );
    });
  }

  /** Handles an incoming request of a user or of payments. The code of a killed task gets no response. */
  receive(request: IncomingMessage, response: ServerResponse): void {
    const { scheduler, gateway, processes } = this.simulation;
    if (request.headers["x-sandbox"]) return void gateway.sandbox.app(request, response);
    const task = scheduler.tasks.find(({ id }) => String(id) === request.headers["x-task"]);
    if (!task) return void request.destroy();
    if (request.url?.startsWith("/v1/")) return void gateway.take(task, request, response);
    const process = processes.find(({ name }) => name === task.process);
    if (process) scheduler.runAs(task, () => process.service.definition.app?.(request, response));
  }

  /** Forwards a request for Stripe to the sandbox. */
  forward({ method = "GET", url = "", headers }: IncomingMessage, body: string): Promise<Response> {
    const sent = new Headers({ "x-sandbox": "yes" });
    for (const name of ["authorization", "idempotency-key", "content-type"])
      if (headers[name]) sent.set(name, String(headers[name]));
    return fetch(this.url + url, { method, headers: sent, body: body || undefined });
  }
}
