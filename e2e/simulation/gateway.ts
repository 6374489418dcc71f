import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { createSandbox } from "../../infra/stripe-sandbox/sandbox";
import type { Scheduler, Task } from "./scheduler";

/**
 * How payments fares with a request: `lost` is the answer, `cut` the request. `refused` is a 429, `failed` a 500 without
 * the work or after it. What is late is done so many seconds later, and keeps its idempotency key in use until then.
 */
export type Fate =
  "answered" | "lost" | "cut" | "refused" | "failed" | "failed after work" | { lateBySeconds: number };

export type Operation = "charge" | "refund";

interface Call {
  caller: Task;
  /** Its idempotency key. */
  key: string | undefined;
  response: ServerResponse;
  givesUpAt: number;
  fate: Fate | undefined;
}

const keyInUse = JSON.stringify({ error: { type: "idempotency_error", code: "idempotency_key_in_use" } });

const operations: Record<string, Operation> = { "POST /v1/charges": "charge", "POST /v1/refunds": "refund" };
const operationOf = (words: string): Operation | undefined => operations[words];

/** The payment sandbox, as far away as the scheduler wants it: a request is a task of its own, which may be done late. */
export class Gateway {
  readonly sandbox = createSandbox({ now: () => this.scheduler.now });
  readonly calls = new Map<Task, Call>();
  /** Of the next charges and refunds, whoever asks for them. */
  private readonly planned: Record<Operation, Fate[]> = { charge: [], refund: [] };
  private readonly keysInUse = new Set<string | undefined>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly timeoutMs: number,
    /** Passes a request on to the sandbox. */
    private readonly forward: (request: IncomingMessage, body: string) => Promise<Response>,
    private readonly isDone: () => void,
  ) {}

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = this.scheduler.running;
    if (!caller) throw new Error("Nobody is running, but somebody calls the gateway");
    const body = await text(request);
    const words = `${request.method} ${request.url?.split("?")[0]}`;
    const givesUpAt = this.scheduler.now + this.timeoutMs;
    const key = request.headers["idempotency-key"]?.toString();
    const made: Call = { caller, key, response, givesUpAt, fate: undefined };
    const task = this.scheduler.start(
      "gateway",
      words,
      async () => {
        if (made.fate === "cut") return { status: 502, body: "{}" };
        if (typeof made.fate === "object") this.keysInUse.delete(key);
        if (key && this.keysInUse.has(key)) return { status: 409, body: keyInUse };
        this.addFault(words, made.fate);
        const answer = await this.forward(request, body);
        return { status: answer.status, body: await answer.text() };
      },
      {
        onEnd: (outcome) => {
          this.isDone();
          const call = this.calls.get(task);
          this.calls.delete(task);
          if (!call || outcome.status === "rejected") return;
          if (call.fate === "lost") this.answer(call, 502, "{}");
          else this.answer(call, outcome.value.status, outcome.value.body);
        },
      },
    );
    this.calls.set(task, made);
    const operation = operationOf(words);
    if (operation) this.decide(task, this.planned[operation].shift());
    this.scheduler.call(caller, `calls ${words}`);
  }

  plan(operation: Operation, fate: Fate): void {
    this.planned[operation].push(fate);
  }

  /** What becomes of a request that is still on its way, once for each. */
  decide(task: Task, fate: Fate | undefined): void {
    const call = this.calls.get(task);
    if (!call || call.fate) return;
    call.fate = fate;
    if (typeof fate !== "object" || !call.key) return;
    this.keysInUse.add(call.key);
    task.notBefore = this.scheduler.now + fate.lateBySeconds * 1000;
  }

  /** The next step is the request's own, so no other one takes it. */
  private addFault(words: string, fate: Fate | undefined): void {
    const operation = operationOf(words);
    if (!operation) return;
    const fault = { kind: "fail", operation };
    if (fate === "failed") this.sandbox.faults.add(fault);
    if (fate === "failed after work") this.sandbox.faults.add({ ...fault, afterWork: true });
    if (fate === "refused") this.sandbox.faults.add({ ...fault, status: 429, beforeWork: true });
  }

  /** When the next caller has waited for too long. */
  nextGiveUp(): number {
    return Math.min(...[...this.calls.values()].map(({ givesUpAt }) => givesUpAt));
  }

  /** Calls that have waited for too long. */
  overdue(): Task[] {
    return [...this.calls]
      .filter(([, { givesUpAt }]) => givesUpAt <= this.scheduler.now)
      .map(([task]) => task);
  }

  /** Whoever called goes on without an answer; the work may be done all the same. */
  giveUp(task: Task): void {
    const call = this.calls.get(task);
    this.calls.delete(task);
    if (call) this.answer(call, 504, "{}");
  }

  /** The history is over: those who are still calling, all of them dead, let go of their connections. */
  hangUp(): void {
    for (const { response } of this.calls.values()) response.writeHead(504).end("{}");
  }

  private answer({ caller, response }: Call, status: number, body: string): void {
    caller.isCalling = false;
    caller.place = `is answered ${status}`;
    caller.goOn = () => response.writeHead(status, { "content-type": "application/json" }).end(body);
  }
}
