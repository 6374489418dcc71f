import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { createSandbox } from "../../infra/stripe-sandbox/sandbox";
import type { Scheduler, Task } from "./scheduler";

/**
 * What happens to a request of payments. `lost`: it is executed, but the response is lost. `cut`: it does not arrive.
 * `refused`: 429. `failed`: 500, without or after execution. `lateBySeconds`: it is executed that much later, and its
 * idempotency key is in use until then.
 */
export type GatewayOutcome =
  "answered" | "lost" | "cut" | "refused" | "failed" | "failed after work" | { lateBySeconds: number };

export type Operation = "charge" | "refund";

interface Call {
  caller: Task;
  idempotencyKey: string | undefined;
  response: ServerResponse;
  timeoutAt: number;
  outcome: GatewayOutcome | undefined;
}

const keyInUse = JSON.stringify({ error: { type: "idempotency_error", code: "idempotency_key_in_use" } });

const operations: Record<string, Operation> = { "POST /v1/charges": "charge", "POST /v1/refunds": "refund" };
const operationOf = (route: string): Operation | undefined => operations[route];

/** The payment sandbox behind an unreliable network: each request is a task of its own, so it may be executed late. */
export class Gateway {
  readonly sandbox = createSandbox({ now: () => this.scheduler.now });
  readonly calls = new Map<Task, Call>();
  /** Outcomes of the next charges and refunds, whichever process sends them. */
  private readonly planned: Record<Operation, GatewayOutcome[]> = { charge: [], refund: [] };
  private readonly keysInUse = new Set<string | undefined>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly timeoutMs: number,
    /** Forwards a request to the sandbox. */
    private readonly forward: (request: IncomingMessage, body: string) => Promise<Response>,
    private readonly onExecuted: () => void,
  ) {}

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = this.scheduler.running;
    if (!caller) throw new Error("The gateway was called while no task was running");
    const body = await text(request);
    const route = `${request.method} ${request.url?.split("?")[0]}`;
    const timeoutAt = this.scheduler.now + this.timeoutMs;
    const idempotencyKey = request.headers["idempotency-key"]?.toString();
    const call: Call = { caller, idempotencyKey, response, timeoutAt, outcome: undefined };
    const task = this.scheduler.start(
      "gateway",
      route,
      async () => {
        if (call.outcome === "cut") return { status: 502, body: "{}" };
        if (typeof call.outcome === "object") this.keysInUse.delete(idempotencyKey);
        if (idempotencyKey && this.keysInUse.has(idempotencyKey)) return { status: 409, body: keyInUse };
        this.addFault(route, call.outcome);
        const answer = await this.forward(request, body);
        return { status: answer.status, body: await answer.text() };
      },
      {
        onEnd: (ended) => {
          this.onExecuted();
          if (!this.calls.delete(task) || ended.status === "rejected") return;
          if (call.outcome === "lost") this.respond(call, 502, "{}");
          else this.respond(call, ended.value.status, ended.value.body);
        },
      },
    );
    this.calls.set(task, call);
    const operation = operationOf(route);
    if (operation) this.decide(task, this.planned[operation].shift());
    this.scheduler.block(caller, `calls ${route}`);
  }

  plan(operation: Operation, outcome: GatewayOutcome): void {
    this.planned[operation].push(outcome);
  }

  /** Decides the outcome of a pending request, once. */
  decide(task: Task, outcome: GatewayOutcome | undefined): void {
    const call = this.calls.get(task);
    if (!call || call.outcome) return;
    call.outcome = outcome;
    if (typeof outcome !== "object" || !call.idempotencyKey) return;
    this.keysInUse.add(call.idempotencyKey);
    task.wakeAt = this.scheduler.now + outcome.lateBySeconds * 1000;
  }

  /** The next step executes this request, so no other request consumes the fault. */
  private addFault(route: string, outcome: GatewayOutcome | undefined): void {
    const operation = operationOf(route);
    if (!operation) return;
    const fault = { kind: "fail", operation };
    if (outcome === "failed") this.sandbox.faults.add(fault);
    if (outcome === "failed after work") this.sandbox.faults.add({ ...fault, afterWork: true });
    if (outcome === "refused") this.sandbox.faults.add({ ...fault, status: 429, beforeWork: true });
  }

  /** When the next caller times out. */
  nextTimeout(): number {
    return Math.min(...[...this.calls.values()].map(({ timeoutAt }) => timeoutAt));
  }

  /** Calls whose callers have waited for longer than their timeout. */
  timedOut(): Task[] {
    return [...this.calls]
      .filter(([, { timeoutAt }]) => timeoutAt <= this.scheduler.now)
      .map(([task]) => task);
  }

  /** The caller gets no response; the request may still be executed. */
  timeOut(task: Task): void {
    const call = this.calls.get(task);
    this.calls.delete(task);
    if (call) this.respond(call, 504, "{}");
  }

  /** At the end of a run: closes the connections of killed callers. */
  closeAll(): void {
    for (const { response } of this.calls.values()) response.writeHead(504).end("{}");
  }

  private respond({ caller, response }: Call, status: number, body: string): void {
    caller.isBlocked = false;
    caller.point = `receives ${status}`;
    caller.resume = () => response.writeHead(status, { "content-type": "application/json" }).end(body);
  }
}
