import type { Subject } from "../contract/events";
import { clock } from "../base/clock";
import { failpoint } from "../base/failpoint";
import { logger } from "../base/logger";
import type { MessageHandler, Subscription } from "./event-bus";

interface Delivery {
  offer: Offer;
  bytes: Buffer;
  redeliveries: number;
}

/** A message with the state of its deliveries. */
interface Offer {
  at: number;
}

interface Member {
  handle: MessageHandler;
  running: Set<Promise<void>>;
}

const defaultMaxInFlight = 64;

/** Delay before a rejected message is redelivered. */
const redeliveryDelayMs = 20;

/** A service's subscription to a subject, with its unacknowledged messages. Like a durable queue group, it outlives its members. */
export class MemoryGroup {
  private readonly members = new Set<Member>();
  private readonly due: Delivery[] = [];
  /** Oldest first. */
  private readonly unacknowledged = new Set<Offer>();
  private delayed = 0;
  private inFlight = 0;

  constructor(
    private readonly name: string,
    readonly subject: Subject,
    private readonly broker: { readonly isUp: boolean; readonly stops: number; settled(): void },
  ) {}

  /** What waits for an absent service does not count. */
  get isIdle(): boolean {
    return this.inFlight === 0 && (this.members.size === 0 || (this.due.length === 0 && this.delayed === 0));
  }

  get undeliveredMs(): number {
    const [oldest] = this.unacknowledged;
    return oldest ? clock.now() - oldest.at : 0;
  }

  join(handle: MessageHandler): Subscription {
    const member: Member = { handle, running: new Set() };
    this.members.add(member);
    queueMicrotask(() => this.dispatch());
    return {
      close: async () => {
        this.members.delete(member);
        this.broker.settled();
        await Promise.all(member.running);
      },
    };
  }

  offer(bytes: Buffer): void {
    const offer = { at: clock.now() };
    this.unacknowledged.add(offer);
    this.deliverAfter(0, { offer, bytes, redeliveries: 0 });
  }

  dispatch(): void {
    while (this.broker.isUp) {
      const [member] = [...this.members].toSorted((one, other) => one.running.size - other.running.size);
      if (!member || member.running.size >= defaultMaxInFlight) return;
      const delivery = this.due.shift();
      if (!delivery) return;
      this.inFlight += 1;
      const run = this.deliver(member, delivery).finally(() => {
        this.inFlight -= 1;
        member.running.delete(run);
        this.dispatch();
        this.broker.settled();
      });
      member.running.add(run);
    }
  }

  private deliverAfter(milliseconds: number, delivery: Delivery): void {
    this.delayed += 1;
    const deliver = () => {
      this.delayed -= 1;
      this.due.push(delivery);
      this.dispatch();
    };
    if (milliseconds > 0) setTimeout(deliver, milliseconds);
    else queueMicrotask(deliver); // never inside the publisher's own call
  }

  private async deliver({ handle }: Member, { offer, bytes, redeliveries }: Delivery): Promise<void> {
    const { name, subject, broker } = this;
    const { stops } = broker;
    let isAcknowledged = false;
    try {
      await handle({ subject, bytes: Buffer.from(bytes), redeliveries });
      await failpoint(`${name}.ack.before`);
      isAcknowledged = broker.isUp && broker.stops === stops;
      await failpoint(`${name}.ack.after`);
    } catch (error) {
      logger.debug({ err: error, subject }, "a message was not handled");
    }
    if (isAcknowledged) this.unacknowledged.delete(offer);
    else {
      const again = { offer, bytes, redeliveries: redeliveries + 1 };
      this.deliverAfter(redeliveryDelayMs, again);
    }
  }
}
