import { type EventBus, type Subject, failpoint } from "@eventhive/common";
import { readableEvent } from "../readable-event";

/** A message on its way to one service. */
export interface Delivery {
  subject: Subject;
  bytes: Buffer;
  /** The service, as the durable group that it is. */
  service: string;
  deliveries: number;
  /** By which processes it is being handled, since when. */
  inFlight: Map<string, number>;
}

interface Member {
  service: string;
  process: string;
  subject: Subject;
  handle: Parameters<EventBus["subscribe"]>[1];
}

/** What a broker keeps, and what has come of it. It delivers when it is told to: who calls decides the order. */
export class Broker {
  isUp = true;
  readonly log: { subject: Subject; bytes: Buffer }[] = [];
  /** What is not acknowledged yet, oldest first. */
  waiting: Delivery[] = [];
  redelivered = 0;
  overtaken = 0;

  private members: Member[] = [];
  private readonly groups = new Map<string, Subject[]>();
  private readonly newest = new Map<string, number>();

  /** A group outlives its members, so all of them are known from the beginning. */
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
        if (!this.isUp) throw new Error("the broker is away");
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
      readLog: async function* () {},
      close: async () => {},
    };
  }

  store(subject: Subject, bytes: Buffer): void {
    this.log.push({ subject, bytes });
    for (const [service, subjects] of this.groups) {
      if (!subjects.includes(subject)) continue;
      this.waiting.push({ subject, bytes, service, deliveries: 0, inFlight: new Map() });
    }
  }

  /** Who of a service could take it now. */
  membersFor({ service, subject, inFlight }: Delivery): string[] {
    return this.members
      .filter((member) => member.service === service && member.subject === subject)
      .map(({ process }) => process)
      .filter((process) => !inFlight.has(process));
  }

  /** Resolves when it was handled and, unless `isAckLost`, acknowledged. */
  async deliver(delivery: Delivery, process: string, isAckLost: boolean): Promise<void> {
    const { subject, bytes, service } = delivery;
    const member = this.members.find((each) => each.process === process && each.subject === subject);
    if (!member) throw new Error(`${process} does not listen to ${subject}`);
    await member.handle({ subject, bytes: Buffer.from(bytes), redeliveries: delivery.deliveries++ });
    await failpoint(`${service}.ack.before`);
    if (!isAckLost && this.isUp) this.waiting = this.waiting.filter((each) => each !== delivery);
    await failpoint(`${service}.ack.after`);
  }

  /** It died: what it had in its hands is delivered again. */
  forget(process: string): void {
    this.members = this.members.filter((member) => member.process !== process);
    for (const { inFlight } of this.waiting) inFlight.delete(process);
  }

  /** For the figures. */
  count({ deliveries, service, subject, bytes }: Delivery): void {
    if (deliveries > 0) this.redelivered++;
    const event = readableEvent(subject, bytes);
    if (!event || !("version" in event.data)) return;
    const key = `${service} ${event.subject}`;
    const newest = this.newest.get(key) ?? -1;
    if (event.data.version < newest) this.overtaken++;
    this.newest.set(key, Math.max(newest, event.data.version));
  }
}
