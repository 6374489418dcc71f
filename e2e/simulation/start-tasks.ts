import { subjects } from "@eventhive/common";
import type { Random } from "../random";
import { tryParseEvent } from "../try-parse-event";
import type { Delivery } from "./broker";
import { type Simulation, type Process, receive } from "./simulation";
import { receivedUser } from "./monitor";
import { timers } from "./timers";

// Each function here starts a task. The task runs when the simulation steps it.

/** The broker redelivers messages that have not been acknowledged for this long. */
const ackWaitMs = 10_000;

/** Messages that are not in flight, or have been for longer than the ack wait. */
export function deliverable({ broker, scheduler }: Simulation): Delivery[] {
  if (!broker.isUp) return [];
  const isExpired = (since: number) => since + ackWaitMs <= scheduler.now;
  return broker.pending.filter(
    (delivery) =>
      [...delivery.inFlight.values()].every(isExpired) && broker.availableMembers(delivery).length > 0,
  );
}

export function deliver(
  { broker, scheduler, processes }: Simulation,
  delivery: Delivery,
  process: string,
  isAckLost = false,
): void {
  const { subject, bytes, deliveries, inFlight } = delivery;
  const event = tryParseEvent(subject, bytes);
  const user = event && "banned" in event.data ? event.data : undefined;
  const receiver = processes.find(({ name }) => name === process);
  // While it handles the end of a ban, it may accept the user's sessions already.
  if (receiver && user?.banned === false)
    receive(receiver, user.id, { version: user.version, endedBefore: 0 });
  const what = event ? `${subject} of ${event.subject}` : `poison on ${subject}`;
  broker.count(delivery);
  inFlight.set(process, scheduler.now);
  scheduler.start(
    process,
    `${deliveries > 0 ? "again " : ""}${what}`,
    () => broker.deliver(delivery, process, isAckLost),
    {
      onEnd: ({ status }) => {
        inFlight.delete(process);
        if (status !== "fulfilled" || !receiver || !user) return;
        receive(receiver, user.id, receivedUser(user));
      },
    },
  );
}

/** Processes whose relay may have events to publish. */
export function publishers(simulation: Simulation): Process[] {
  if (!simulation.broker.isUp) return [];
  const up = [...simulation.unpublished].flatMap((service) => simulation.runningProcesses(service));
  return up.filter(({ isRelaying }) => !isRelaying);
}

export function relay({ unpublished, scheduler, broker }: Simulation, process: Process): void {
  const { name, service } = process;
  process.isRelaying = true;
  unpublished.delete(service.name);
  scheduler.start(name, "relay", async () => process.relay?.drain(), {
    onEnd: ({ status }) => {
      process.isRelaying = false;
      if (status === "rejected" || !broker.isUp) unpublished.add(service.name);
    },
  });
}

export const sweepIntervalMs = 5000;

/** Processes that are due for a sweep. */
export const sweepers = ({ processes, scheduler }: Simulation): Process[] =>
  processes.filter(
    ({ isUp, service, sweptAt = 0 }) =>
      isUp && service.definition.sweeps && sweptAt + sweepIntervalMs <= scheduler.now,
  );

/** Runs each sweep of a process once. */
export function sweep({ scheduler }: Simulation, process: Process): void {
  process.sweptAt = scheduler.now;
  for (const each of process.service.definition.sweeps ?? [])
    scheduler.start(process.name, each.run.name, () => each.run());
}

/** Runs a due timer of expiration. */
export function fireTimer({ scheduler }: Simulation, timer: string, { name }: Process): void {
  scheduler.start(name, `timer of ${timer}`, () => timers.run(timer));
}

/** Publishes a message that no service can parse. */
export function poison(simulation: Simulation, random: Random): void {
  const bytes = random.bytes(8);
  const subject = random.oneOf(subjects);
  simulation.poison.push({ subject, bytes });
  simulation.broker.store(subject, bytes);
  simulation.trace(`poison on ${subject}`);
}
