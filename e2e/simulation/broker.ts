import { type EventBus, type Subject, failpoint } from "@eventhive/common";
import { tryParseEvent } from "../try-parse-event";

/** A message on its way to one service. */
export interface Delivery {
  subject: Subject;
  bytes: Buffer;
  /** Name of the durable group. */
  service: string;
  deliveries: number;
  /** The processes that are handling it, and since when. */
  inFlight: Map<string, number>;
}

interface Member {
  service: string;
  process: string;
  subject: Subject;
  handle: Parameters<EventBus["subscribe"]>[1];
}

/** In-memory broker. It delivers only on `deliver()`, so the caller decides the order. */
export class Broker {
  isUp = true;
  readonly log: { subject: Subject; bytes: Buffer }[] = [];
  /** Not acknowledged yet, oldest first. */
  pending: Delivery[] = [];
  /** Called with each event of a service. */
  onPublish: (subject: Subject, bytes: Buffer) => void = () => {};
  redelivered = 0;
  outOfOrder = 0;

  private members: Member[] = [];
  private readonly groups = new Map<string, Subject[]>();
  private readonly newest = new Map<string, number>();

  /** Groups are durable: they exist before their first member connects. */
  addGroup(service: string, subjects: Subject[]): void {
    this.groups.set(service, subjects);
  }

  connect(service: string, process: string): EventBus {
    const isUp = () => this.isUp;
    const nothing = { close: async () => {} };
    return {
      get isConnected() {
        return isUp();
      },
      publish: async (subject, bytes) => {
        await failpoint(`${service}.publish.before`);
        if (!this.isUp) throw new Error("the broker is unavailable");
        this.onPublish(subject, bytes);
        this.store(subject, bytes);
        await failpoint(`${service}.publish.after`);
      },
      subscribe: (subject, handle) => {
        this.members.push({ service, process, subject, handle });
        return nothing;
      },
      undeliveredMs: async () => undefined,
      storedBytes: async () => undefined,
      watch: () => nothing,
      logs: [],
      close: async () => {},
    };
  }

  store(subject: Subject, bytes: Buffer): void {
    this.log.push({ subject, bytes });
    for (const [service, subjects] of this.groups) {
      if (!subjects.includes(subject)) continue;
      this.pending.push({ subject, bytes, service, deliveries: 0, inFlight: new Map() });
    }
  }

  /** The processes of the service that can handle it now. */
  availableMembers({ service, subject, inFlight }: Delivery): string[] {
    return this.members
      .filter((member) => member.service === service && member.subject === subject)
      .map(({ process }) => process)
      .filter((process) => !inFlight.has(process));
  }

  /** Resolves when it has been handled and, unless `isAckLost`, acknowledged. */
  async deliver(delivery: Delivery, process: string, isAckLost: boolean): Promise<void> {
    const { subject, bytes, service } = delivery;
    const member = this.members.find((each) => each.process === process && each.subject === subject);
    if (!member) throw new Error(`${process} does not listen to ${subject}`);
    await member.handle({ subject, bytes: Buffer.from(bytes), redeliveries: delivery.deliveries++ });
    await failpoint(`${service}.ack.before`);
    if (!isAckLost && this.isUp) this.pending = this.pending.filter((each) => each !== delivery);
    await failpoint(`${service}.ack.after`);
  }

  /** Its unacknowledged messages become deliverable again. */
  disconnect(process: string): void {
    this.members = this.members.filter((member) => member.process !== process);
    for (const { inFlight } of this.pending) inFlight.delete(process);
  }

  /** Updates the counters. */
  count({ deliveries, service, subject, bytes }: Delivery): void {
    if (deliveries > 0) this.redelivered++;
    const event = tryParseEvent(subject, bytes);
    if (!event || !("version" in event.data)) return;
    const key = `${service} ${event.subject}`;
    const newest = this.newest.get(key) ?? -1;
    if (event.data.version < newest) this.outOfOrder++;
    this.newest.set(key, Math.max(newest, event.data.version));
  }
}
