import { type Subject, clock } from "@eventhive/common";
import { onSave } from "../../common/src/database/saved-events";
import { consume } from "../../common/src/messaging/listener";
import { OutboxRelay } from "../../common/src/service/outbox-relay";
import { chargeOutcomeTimeout, gatewayTimeout } from "../../payments/src/stripe";
import { Broker } from "./broker";
import { Gateway } from "./gateway";
import { type Action, type Marketplace, Person } from "./people";
import type { Fate } from "./reads-and-writes";
import { Scheduler, type Task } from "./scheduler";
import { type Service, forgetEverything, services } from "./services";
import { timers } from "./timers";
import { Watch } from "./watch";
import { Wire } from "./wire";

const begin = Date.UTC(2100, 0, 1);

export interface Process {
  name: string;
  service: Service;
  isUp: boolean;
  relay?: OutboxRelay;
  isRelaying?: boolean;
  sweptAt?: number;
}

/**
 * All that happens to the five services from an empty marketplace on, one step after the other: nothing moves unless
 * somebody calls a method here.
 */
export class History {
  readonly scheduler = new Scheduler();
  readonly broker = new Broker();
  readonly processes: Process[];
  readonly people: Person[];
  readonly watch = new Watch(() => this.scheduler.now, chargeOutcomeTimeout());
  readonly gateway: Gateway;
  readonly wire: Wire;
  readonly log: string[] = [];
  /** Services that may have something to publish. */
  readonly unpublished = new Set<string>();
  readonly marketplace: Marketplace;
  readonly poison: { subject: Subject; bytes: Buffer }[] = [];
  /** Where steps have ended, one after the other. */
  readonly places: string[] = [];
  /** Told of each step that has come to a place. */
  interrupt: ((task: Task) => void) | undefined;
  /** Waits until nothing else can go on, or longer. */
  held: Task | undefined;
  isHeldLong = false;
  /** The operation that this task performs next has this fate. */
  timesOut: { task: Task; fate: Fate } | undefined;
  /** Decides the fate of every operation, where all may happen. */
  drawFate: (() => Fate) | undefined;
  kills = 0;

  private readonly forgetSaves: (() => void)[] = [];

  constructor(url: string, story: Action[][]) {
    this.scheduler.now = begin;
    this.wire = new Wire(url, this);
    this.marketplace = {
      ask: (request) => this.wire.ask(request),
      wait: (milliseconds) =>
        new Promise((resolve) => {
          const pause = () => this.scheduler.park("waits", milliseconds);
          this.scheduler.start("people", "somebody waits", pause, { onEnd: () => resolve() });
        }),
      trouble: (operation, fate) => this.gateway.plan(operation, fate),
      tickets: [],
      promises: [],
    };
    this.people = story.map((actions, n) => new Person(`person ${n + 1}`, [...actions], this.marketplace));
    const isDone = () => this.watch.charged(this.gateway.sandbox.ledger.charges.values());
    this.gateway = new Gateway(
      this.scheduler,
      gatewayTimeout(),
      (request, body) => this.wire.forward(request, body),
      isDone,
    );
    this.processes = services.flatMap((service) =>
      Array.from({ length: service.replicas }, (_, n) => ({
        name: `${service.name}-${n + 1}`,
        service,
        isUp: false,
      })),
    );
  }

  async begin(): Promise<void> {
    clock.use(
      () => this.scheduler.now,
      (milliseconds) => this.scheduler.park("waits", milliseconds),
    );
    await forgetEverything();
    for (const { name, definition } of services) {
      this.broker.addGroup(
        name,
        (definition.listeners ?? []).map(({ subject }) => subject),
      );
      if (!("database" in definition.store)) continue;
      const { database } = definition.store;
      this.forgetSaves.push(onSave(database, () => this.unpublished.add(name)));
    }
    for (const process of this.processes) this.start(process);
  }

  end(): void {
    for (const forget of this.forgetSaves) forget();
    this.scheduler.kill();
    this.gateway.hangUp();
    clock.use();
  }

  tell(words: string): void {
    const seconds = ((this.scheduler.now - begin) / 1000).toFixed(3);
    this.log.push(`${seconds.padStart(9)} s  ${words}`);
  }

  start(process: Process): void {
    const { name, service } = process;
    const { store, publishers = [], listeners = [], workers = [] } = service.definition;
    const bus = this.broker.connect(service.name, name);
    for (const publisher of publishers) publisher.connect(bus, service.name);
    const relayOptions = { maxConcurrency: 1 };
    process.relay = "database" in store ? new OutboxRelay(store.database, bus, relayOptions) : undefined;
    for (const listener of listeners) bus.subscribe(listener.subject, consume(listener, service.deadLetters));
    for (const worker of workers) worker.start();
    process.isRelaying = false;
    process.isUp = true;
  }

  /** Nothing that it had begun goes on; what it had written stays. */
  kill(process: Process): void {
    this.tell(`${process.name} is killed`);
    this.kills++;
    process.isUp = false;
    this.broker.forget(process.name);
    if (process.service.name === "expiration") timers.release();
    this.scheduler.kill(process.name);
    this.unpublished.add(process.service.name);
  }

  fateOfOperation(): Fate {
    const { timesOut, scheduler } = this;
    if (!scheduler.running) return "answered"; // not of any service
    if (timesOut?.task !== scheduler.running) return this.drawFate?.() ?? "answered";
    this.timesOut = undefined;
    return timesOut.fate;
  }

  performLater(place: string, write: () => Promise<void>): void {
    this.scheduler.start("database", `${place}, whose caller was told that it timed out`, write);
  }

  upOf(service: string): Process[] {
    return this.processes.filter((process) => process.isUp && process.service.name === service);
  }

  async step(task: Task): Promise<void> {
    await this.scheduler.step(task);
    const isOn = this.scheduler.tasks.includes(task);
    this.tell(`${task.process}: ${task.words}: ${isOn ? task.place : "is done"}`);
    if (!isOn) return;
    this.places.push(task.place);
    this.interrupt?.(task);
  }

  pass(milliseconds: number): void {
    this.scheduler.now += milliseconds;
    this.tell(`${milliseconds} ms have passed`);
  }
}
