import type { Subject } from "../contract/events";
import { failpoint } from "../base/failpoint";
import { logger } from "../base/logger";
import {
  type EventBus,
  type LoggedMessage,
  type Message,
  type Subscription,
  logBatchSize,
  closeAll,
} from "./event-bus";
import { MemoryGroup } from "./memory-group";

interface Stored {
  subject: Subject;
  bytes: Buffer;
}

interface Watcher {
  subject: Subject;
  handle: (message: Message) => void;
}

/**
 * A broker for services that run in one process, as in tests. It keeps in memory what a real one stores.
 * @example
 * const broker = new MemoryBroker();
 * await broker.connect("tickets").publish("ticket:created", eventBytes("ticket:created", ticket), newIds());
 * broker.published("ticket:created").length; // => 1
 */
export class MemoryBroker {
  isUp = true;
  /** Acknowledgements of messages that were delivered before the last kill are lost. */
  stops = 0;

  private readonly log: Stored[] = [];
  private readonly groups = new Map<string, MemoryGroup>();
  private readonly watchers = new Set<Watcher>();
  private publishing = 0;
  private waitingForIdle: (() => void)[] = [];

  /** A bus for one process of the service `name`. */
  connect(name: string): EventBus {
    const isUp = () => this.isUp;
    const open = new Set<Subscription>();
    let isClosed = false;
    const opened = (subscription: Subscription) => {
      open.add(subscription);
      return subscription;
    };
    return {
      get isConnected() {
        return isUp() && !isClosed;
      },
      publish: async (subject, bytes) => {
        if (isClosed) throw new Error("the bus is closed");
        await this.publish(name, subject, bytes);
      },
      subscribe: (subject, handle) => opened(this.group(name, subject).join(handle)),
      undeliveredMs: async (subject) => this.group(name, subject).undeliveredMs,
      storedBytes: async () => this.log.reduce((sum, { bytes }) => sum + bytes.length, 0),
      watch: (subject, handle) => opened(this.watch(subject, handle)),
      logs: [{ broker: "memory", read: (subject, { after = 0 } = {}) => this.readLog(subject, after) }],
      close: async () => {
        isClosed = true;
        await closeAll(open);
      },
    };
  }

  /** All messages in the order in which they were stored, or those of one channel. */
  published(subject?: Subject): Stored[] {
    const wanted = this.log.filter((message) => subject === undefined || message.subject === subject);
    return wanted.map((message) => ({ subject: message.subject, bytes: Buffer.from(message.bytes) }));
  }

  /**
   * Resolves when nothing is being published, delivered or due for it. What waits for an absent service does not count.
   */
  async idle(): Promise<void> {
    if (!this.isIdle()) await new Promise<void>((resolve) => this.waitingForIdle.push(resolve));
  }

  /** Simulates a killed broker: it accepts and delivers nothing, and acknowledgements in flight are lost. */
  stop(): void {
    this.isUp = false;
    this.stops += 1;
  }

  start(): void {
    this.isUp = true;
    for (const group of this.groups.values()) group.dispatch();
  }

  /** Called whenever a message may have been completed. */
  settled(): void {
    if (!this.isIdle()) return;
    const waiting = this.waitingForIdle;
    this.waitingForIdle = [];
    for (const resolve of waiting) resolve();
  }

  private async publish(name: string, subject: Subject, bytes: Buffer): Promise<void> {
    this.publishing += 1;
    try {
      await failpoint(`${name}.publish.before`);
      if (!this.isUp) throw new Error("the broker is unavailable");
      const message = { subject, bytes: Buffer.from(bytes) };
      this.log.push(message);
      for (const group of this.groups.values()) if (group.subject === subject) group.offer(message.bytes);
      for (const watcher of this.watchers) if (watcher.subject === subject) this.show(watcher, message);
      await failpoint(`${name}.publish.after`);
    } finally {
      this.publishing -= 1;
      this.settled();
    }
  }

  private group(name: string, subject: Subject): MemoryGroup {
    const key = `${name} ${subject}`;
    const known = this.groups.get(key);
    if (known) return known;
    const group = new MemoryGroup(name, subject, this);
    this.groups.set(key, group);
    for (const message of this.log) if (message.subject === subject) group.offer(message.bytes);
    return group;
  }

  private watch(subject: Subject, handle: Watcher["handle"]): Subscription {
    const watcher = { subject, handle };
    this.watchers.add(watcher);
    return {
      close: async () => {
        this.watchers.delete(watcher);
      },
    };
  }

  private async *readLog(subject: Subject, after: number): AsyncGenerator<LoggedMessage[]> {
    const messages = this.published(subject).map(({ bytes }, index) => ({ sequence: index + 1, bytes }));
    const wanted = messages.slice(after > messages.length ? 0 : after);
    while (wanted.length > 0) {
      if (!this.isUp) throw new Error("the broker is unavailable");
      yield wanted.splice(0, logBatchSize);
    }
  }

  private show(watcher: Watcher, { subject, bytes }: Stored): void {
    queueMicrotask(() => {
      try {
        if (this.watchers.has(watcher))
          watcher.handle({ subject, bytes: Buffer.from(bytes), redeliveries: 0 });
      } catch (error) {
        logger.debug({ err: error, subject }, "a message was not handled");
      }
    });
  }

  private isIdle(): boolean {
    return this.publishing === 0 && [...this.groups.values()].every((group) => group.isIdle);
  }
}
