import { subjects } from "@eventhive/common";
import type { Random } from "../random";
import { readableEvent } from "../readable-event";
import type { Delivery } from "./broker";
import type { History, Process } from "./history";
import { timers } from "./timers";

// What can begin: each is a task that stands at its start, and goes on when the history steps it.

/** After this long the broker delivers again what nobody has acknowledged. */
const ackWait = 10_000;

/** What nobody has in hand, or somebody for too long. */
export function deliverable({ broker, scheduler }: History): Delivery[] {
  if (!broker.isUp) return [];
  const isDue = (since: number) => since + ackWait <= scheduler.now;
  return broker.waiting.filter(
    (delivery) => [...delivery.inFlight.values()].every(isDue) && broker.membersFor(delivery).length > 0,
  );
}

export function deliver(
  { broker, scheduler }: History,
  delivery: Delivery,
  process: string,
  isAckLost = false,
): void {
  const { subject, bytes, deliveries, inFlight } = delivery;
  const event = readableEvent(subject, bytes);
  const what = event ? `${subject} of ${event.subject}` : `poison on ${subject}`;
  broker.count(delivery);
  inFlight.set(process, scheduler.now);
  scheduler.start(
    process,
    `${deliveries > 0 ? "again " : ""}${what}`,
    () => broker.deliver(delivery, process, isAckLost),
    { onEnd: () => inFlight.delete(process) },
  );
}

/** Whose relay could publish something. */
export function publishers(history: History): Process[] {
  if (!history.broker.isUp) return [];
  const up = [...history.unpublished].flatMap((service) => history.upOf(service));
  return up.filter(({ isRelaying }) => !isRelaying);
}

export function relay({ unpublished, scheduler, broker }: History, process: Process): void {
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

/** As the services do. */
export const sweepsEvery = 5000;

/** Who has not swept for some time. */
export const sweepers = ({ processes, scheduler }: History): Process[] =>
  processes.filter(
    ({ isUp, service, sweptAt = 0 }) =>
      isUp && service.definition.sweeps && sweptAt + sweepsEvery <= scheduler.now,
  );

/** One run of each sweep of a process. */
export function sweep({ scheduler }: History, process: Process): void {
  process.sweptAt = scheduler.now;
  for (const each of process.service.definition.sweeps ?? [])
    scheduler.start(process.name, each.run.name, () => each.run());
}

/** A timer of expiration that is due. */
export function ring({ scheduler }: History, timer: string, { name }: Process): void {
  scheduler.start(name, `timer of ${timer}`, () => timers.run(timer));
}

/** What no service can read. */
export function poison(history: History, random: Random): void {
  const bytes = random.bytes(8);
  const subject = random.oneOf(subjects);
  history.poison.push({ subject, bytes });
  history.broker.store(subject, bytes);
  history.tell(`poison on ${subject}`);
}
