import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { createSandbox } from "../../infra/local/sandbox/sandbox";
import type { Scheduler, Task } from "./scheduler";

/** How payments fares with a request. */
export type Fate = "answered" | "lost" | "failed";

interface Call {
  caller: Task;
  response: ServerResponse;
  givesUpAt: number;
  fate: Fate;
}

/** The payment sandbox, as far away as the scheduler wants it: a request is a task of its own, which may be done late. */
export class Gateway {
  readonly sandbox = createSandbox({ now: () => this.scheduler.now });
  readonly calls = new Map<Task, Call>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly timeoutInMilliseconds: number,
    /** Passes a request on to the sandbox. */
    private readonly forward: (request: IncomingMessage, body: string) => Promise<Response>,
    private readonly isDone: () => void,
  ) {}

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = this.scheduler.running;
    if (!caller) throw new Error("Nobody is running, but somebody calls the gateway");
    const body = await text(request);
    const words = `${request.method} ${request.url?.split("?")[0]}`;
    const task = this.scheduler.start(
      "gateway",
      words,
      async () => {
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
    const givesUpAt = this.scheduler.now + this.timeoutInMilliseconds;
    this.calls.set(task, { caller, response, givesUpAt, fate: "answered" });
    this.scheduler.call(caller, `calls ${words}`);
  }

  /** What becomes of a request that is still on its way. */
  decide(task: Task, fate: Fate): void {
    const call = this.calls.get(task);
    if (!call) return;
    call.fate = fate;
    const operation = task.words.endsWith("/refunds") ? "refund" : "charge";
    if (fate === "failed" && task.words.startsWith("POST"))
      this.sandbox.faults.add({ kind: "fail", operation });
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
