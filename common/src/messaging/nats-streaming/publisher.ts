import type { Stan } from "node-nats-streaming";
import type { Subject } from "../../contract/events";
import { asError } from "./connection";

// Past a limit of its own the client reports an error, and sends the message as well.
const defaultMaxInFlight = 64;

/** Publishes on whatever connection is up, and settles each publish once. */
export class NatsPublisher {
  private readonly unanswered = new Set<(error: Error) => void>();
  private readonly waiting: (() => void)[] = [];
  private inFlight = 0;

  constructor(private readonly usable: () => Stan | undefined) {}

  /** Rejects when the broker did not confirm that it stored the message; it may have stored it all the same. */
  async publish(subject: Subject, bytes: Buffer): Promise<void> {
    if (this.inFlight < defaultMaxInFlight) this.inFlight += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      await this.send(subject, bytes);
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.inFlight -= 1;
    }
  }

  /** Called when the connection is lost: what has no answer by now will get none. */
  failUnanswered(error: Error): void {
    for (const settle of this.unanswered) settle(error);
  }

  private send(subject: Subject, bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const stan = this.usable();
      // While it is disconnected, the client keeps copies, and sends them once it reconnects.
      if (!stan) throw new Error("the broker is unavailable");
      const settle = (error: unknown) => {
        this.unanswered.delete(settle);
        if (error === undefined) resolve();
        else reject(asError(error));
      };
      this.unanswered.add(settle);
      stan.publish(subject, bytes, settle);
    });
  }
}
