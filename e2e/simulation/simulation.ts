import { type Subject, clock } from "@eventhive/common";
import { type SavedEvent, onSave } from "../../common/src/database/saved-events";
import { consume } from "../../common/src/messaging/listener";
import { OutboxRelay } from "../../common/src/service/outbox-relay";
import { accessOf } from "../../common/src/service/user-access";
import { chargeOutcomeTimeout, gatewayTimeout } from "../../payments/src/stripe";
import { tryParseEvent } from "../try-parse-event";
import { Broker } from "./broker";
import { Gateway } from "./gateway";
import { type Action, type UserContext, User, challengedCard, credentialsOf, nameOfUser } from "./user";
import type { DatabaseOutcome } from "./database-operations";
import { Scheduler, type Task } from "./scheduler";
import { type Service, createAdmin, reportElection, resetServices, services } from "./services";
import { timers } from "./timers";
import { Monitor, type ReceivedUser } from "./monitor";
import { Network } from "./network";
import { Replication } from "./replication";
import { type WebhookDelays, sendWebhooks } from "./webhooks";

const begin = Date.UTC(2100, 0, 1);

export interface Process {
  name: string;
  service: Service;
  isUp: boolean;
  relay?: OutboxRelay;
  isRelaying?: boolean;
  sweptAt?: number;
  /** Whether it accepts requests. */
  isOpen: boolean;
  /** By user, the newest that it has received. */
  received: Map<string, ReceivedUser>;
}

export function receive({ received }: Process, userId: string, state: ReceivedUser): void {
  if (state.version >= (received.get(userId)?.version ?? 0)) received.set(userId, state);
}

/**
 * The state of the five services, broker, gateway and users, starting from empty databases. Nothing runs in the
 * background: every change of state is caused by a call of a method here.
 */
export class Simulation {
  readonly scheduler = new Scheduler();
  readonly broker = new Broker();
  readonly processes: Process[];
  readonly users: User[];
  private readonly admins: User[];
  readonly monitor = new Monitor(() => this.scheduler.now, chargeOutcomeTimeout());
  readonly gateway: Gateway;
  readonly network: Network;
  readonly replication = new Replication(this.scheduler, (service) => this.announceElection(service));
  readonly log: string[] = [];
  /** Services whose outboxes may be non-empty. */
  readonly unpublished = new Set<string>();
  readonly userContext: UserContext;
  readonly poison: { subject: Subject; bytes: Buffer }[] = [];
  /** The suspension points that tasks have reached, in order. */
  readonly points: string[] = [];
  /** Called after each step that has reached a suspension point. */
  interrupt: ((task: Task) => void) | undefined;
  /** Runs again when no other task is runnable, or a minute later if `isHeldLong`. */
  held: Task | undefined;
  isHeldLong = false;
  /** When a primary that is cut off from the other members fails. */
  failoverAt = 0;
  /** The outcome of the next database operation of this task. */
  databaseFault: { task: Task; outcome: DatabaseOutcome } | undefined;
  /** Chooses the outcome of every database operation when fuzzing. */
  drawDatabaseOutcome: (() => DatabaseOutcome) | undefined;
  /** When the copies of an event of Stripe arrive. */
  drawWebhooks = (): WebhookDelays => [];
  /** Whether an event is published by the process that has just saved it. */
  isHandedOver = () => true;
  kills = 0;

  private readonly unsubscribeSaves: (() => void)[] = [];

  constructor(url: string, scenario: Action[][]) {
    this.scheduler.now = begin;
    this.network = new Network(url, this);
    this.userContext = {
      send: (request) => this.network.send(request),
      wait: (milliseconds) =>
        new Promise((resolve) => {
          const pause = () => this.scheduler.park("waits", milliseconds);
          this.scheduler.start("users", "a user waits", pause, { onEnd: () => resolve() });
        }),
      planGatewayFault: (operation, outcome) => this.gateway.plan(operation, outcome),
      challengedToken: () => this.gateway.newToken(challengedCard),
      happenToIntent: (intentId, event) => this.gateway.happen(intentId, event),
      confirmInBrowser: (intentId, cardNumber) => this.gateway.confirmInBrowser(intentId, cardNumber),
      cancelHolds: () => this.gateway.cancelHolds(),
      planWebhooks: (copies) => {
        this.drawWebhooks = () => Array.from({ length: copies }, () => 0);
      },
      setBroker: (isUp) => {
        this.broker.isUp = isUp;
      },
      accountIds: new Map(),
      ticketIds: [],
      acknowledged: [],
    };
    this.users = scenario.map((actions, n) => new User(nameOfUser(n), [...actions], this.userContext));
    const isOfAdmin = ({ does }: Action) => does === "ban" || does === "unban";
    this.admins = this.users.filter((_, n) => scenario[n]?.some(isOfAdmin));
    const checkMoney = () => this.monitor.checkMoney(this.gateway.sandbox.ledger);
    this.gateway = new Gateway(
      this.scheduler,
      gatewayTimeout(),
      (request, body) => this.network.forward(request, body),
      checkMoney,
    );
    this.broker.onPublish = (subject, bytes) => {
      const event = tryParseEvent(subject, bytes);
      const { source: service } = event ?? {};
      // Users have versions, but no model of them is checked.
      if (service !== "auth") this.monitor.checkCertain(`${service}.${service}`, event?.data, "published");
    };
    this.gateway.sandbox.ledger.onIntent = (intent) => sendWebhooks(this, intent, this.drawWebhooks());
    this.processes = services.flatMap((service) =>
      Array.from({ length: service.replicas }, (_, n) => ({
        name: `${service.name}-${n + 1}`,
        service,
        isUp: false,
        isOpen: false,
        received: new Map<string, ReceivedUser>(),
      })),
    );
  }

  async begin(): Promise<void> {
    clock.use(
      () => this.scheduler.now,
      (milliseconds) => this.scheduler.park("waits", milliseconds),
    );
    await resetServices();
    for (const { name } of this.admins) await createAdmin(credentialsOf(name));
    for (const { name, definition } of services) {
      this.broker.addGroup(
        name,
        (definition.listeners ?? []).map(({ subject }) => subject),
      );
      if (!("database" in definition.store)) continue;
      const { database } = definition.store;
      this.unsubscribeSaves.push(onSave(database, (saved) => this.publishSaved(name, saved)));
    }
    for (const process of this.processes) this.start(process);
  }

  end(): void {
    for (const unsubscribe of this.unsubscribeSaves) unsubscribe();
    this.scheduler.kill();
    this.gateway.closeAll();
    clock.use();
  }

  trace(message: string): void {
    const seconds = ((this.scheduler.now - begin) / 1000).toFixed(3);
    this.log.push(`${seconds.padStart(9)} s  ${message}`);
  }

  start(process: Process): void {
    const { name, service } = process;
    const { store, publishers = [], listeners = [], workers = [] } = service.definition;
    const bus = this.broker.connect(service.name, name);
    for (const publisher of publishers) publisher.connect(bus, service.name);
    const relayOptions = { maxConcurrency: 1 };
    process.relay = "database" in store ? new OutboxRelay(store.database, bus, relayOptions) : undefined;
    const { deadLetters, elections } = service;
    for (const listener of listeners)
      bus.subscribe(listener.subject, consume(listener, deadLetters, { elections }));
    for (const worker of workers) worker.start();
    process.isRelaying = false;
    process.isUp = true;
    process.isOpen = true;
  }

  /** Starts a killed process again. It accepts requests once it has read whose sessions to refuse. */
  restart(process: Process): void {
    this.start(process);
    const { name, service } = process;
    const access = accessOf(service.definition);
    if (!access) return;
    process.isOpen = false;
    const stored = this.monitor.usersIn(service.name);
    const load = async () => {
      for (;;)
        try {
          return await access.load();
        } catch {
          await clock.wait(100);
        }
    };
    const onEnd = () => {
      process.isOpen = true;
      for (const [userId, state] of stored) receive(process, userId, state);
    };
    this.scheduler.start(name, "reads whose sessions to refuse", load, { onEnd });
  }

  /** Its tasks never resume. What they have written stays. */
  kill(process: Process): void {
    this.trace(`${process.name} is killed`);
    this.kills++;
    process.isUp = false;
    process.received = new Map();
    this.broker.disconnect(process.name);
    if (process.service.name === "expiration") timers.release();
    this.scheduler.kill(process.name);
    this.unpublished.add(process.service.name);
  }

  nextDatabaseOutcome(): DatabaseOutcome {
    const { databaseFault, scheduler } = this;
    if (!scheduler.running) return "answered"; // an operation of the harness itself
    if (databaseFault?.task !== scheduler.running) return this.drawDatabaseOutcome?.() ?? "answered";
    this.databaseFault = undefined;
    return databaseFault.outcome;
  }

  startDelayedWrite(point: string, write: () => Promise<void>): void {
    this.scheduler.start("database", `${point}, after its caller timed out`, write);
  }

  /** In the process that saved, as in production, or by a relay that finds the event later. */
  private publishSaved(service: string, saved: SavedEvent): void {
    const process = this.processes.find(({ name }) => name === this.scheduler.running?.process);
    const { relay } = process ?? {};
    if (process && relay && this.isHandedOver()) {
      const publish = () => relay.publishSaved(saved);
      this.scheduler.start(process.name, "publishes what it saved", publish);
    }
    this.unpublished.add(service);
  }

  /** Stops the replication of a service's database: what is written from now on may be rolled back. */
  stopReplication(service: string): void {
    this.trace(`the primary of ${service} is cut off from the other members`);
    this.replication.pause(service);
  }

  catchUp(service: string): void {
    this.trace(`the other members of ${service} catch up`);
    this.replication.catchUp(service);
  }

  private announceElection(service: string): void {
    this.trace(`another member becomes the primary of ${service}`);
    reportElection(service);
  }

  async checkWrite(namespace: string): Promise<void> {
    const check = await this.monitor.read(namespace);
    this.replication.whenConfirmed(namespace, check);
    const [service = ""] = namespace.split(".");
    if (this.replication.lagging.includes(service)) this.unpublished.add(service); // for the relay's sweep
  }

  runningProcesses(service: string): Process[] {
    return this.processes.filter((process) => process.isUp && process.service.name === service);
  }

  async step(task: Task): Promise<void> {
    await this.scheduler.step(task);
    const isPending = this.scheduler.tasks.includes(task);
    this.trace(`${task.process}: ${task.description}: ${isPending ? task.point : "is done"}`);
    if (!isPending) return;
    this.points.push(task.point);
    this.interrupt?.(task);
  }

  advanceClock(milliseconds: number): void {
    this.scheduler.now += milliseconds;
    this.replication.advance();
    this.trace(`${milliseconds} ms pass`);
  }
}
