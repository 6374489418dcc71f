import type { Random } from "../random";
import type { Fate } from "./gateway";
import type { History } from "./history";
import { deliver, deliverable, poison, publishers, relay, ring, sweep, sweepers } from "./moves";
import type { Task } from "./scheduler";
import { timers } from "./timers";

const maxSteps = 3000;

/** Anything may happen at any time: who goes on, what is delivered when and how often, what dies, what gets lost. */
export async function liveDangerously(history: History, random: Random): Promise<void> {
  const { scheduler, broker, gateway, people } = history;
  // Each history has its own weather, else all would be alike.
  const steadiness = random.oneOf([0.2, 0.6, 0.9]);
  const trouble = random.oneOf([0, 0.005, 0.02]);
  const lateness = random.oneOf([0.003, 0.03]);
  history.drawFate = () => (random.chance(trouble) ? random.oneOf(["lost", "late"] as const) : "answered");
  let last: Task | undefined;

  for (let steps = 0; steps < maxSteps; steps++) {
    const isOver = people.every(({ isDone }) => isDone);
    if (isOver && random.chance(0.01)) return;

    if (random.chance(trouble)) makeTrouble(history, random);
    for (const process of history.processes) if (!process.isUp && random.chance(0.02)) history.start(process);
    if (random.chance(lateness)) pass(history, random);

    const ready = scheduler.tasks.filter(scheduler.canGoOn);
    if (last && ready.includes(last) && random.chance(steadiness)) {
      await history.step(last);
      continue;
    }
    const moves: (() => Promise<void> | void)[] = [];
    const add = (weight: number, move: () => Promise<void> | void) => {
      for (let n = 0; n < weight; n++) moves.push(move);
    };
    if (ready.length > 0) {
      add(6, async () => {
        last = random.oneOf(ready);
        if (last.process === "gateway") gateway.decide(last, fate(random, trouble));
        if (scheduler.canGoOn(last)) await history.step(last);
      });
    }
    const deliveries = deliverable(history);
    if (deliveries.length > 0) {
      add(3, () => {
        const delivery = random.oneOf(deliveries);
        deliver(history, delivery, random.oneOf(broker.membersFor(delivery)), random.chance(5 * trouble));
      });
    }
    const relaying = publishers(history);
    if (relaying.length > 0) add(2, () => relay(history, random.oneOf(relaying)));
    const idle = people.filter(({ isIdle }) => isIdle);
    if (idle.length > 0) add(1, () => random.oneOf(idle).act());
    const due = timers.due();
    const expirations = history.upOf("expiration");
    if (due.length > 0 && expirations.length > 0)
      add(1, () => ring(history, random.oneOf(due), random.oneOf(expirations)));
    const sweeping = sweepers(history);
    if (sweeping.length > 0) add(1, () => sweep(history, random.oneOf(sweeping)));
    const overdue = gateway.overdue();
    if (overdue.length > 0) add(2, () => gateway.giveUp(random.oneOf(overdue)));
    if (moves.length > 0) await random.oneOf(moves)();
    else pass(history, random);
  }
}

const troubles: Fate[] = ["lost", "cut", "refused", "failed", "failed after work"];

function fate(random: Random, trouble: number): Fate {
  if (!random.chance(10 * trouble)) return "answered";
  return random.chance(0.4) ? { lateBySeconds: random.oneOf([3, 30, 70, 700]) } : random.oneOf(troubles);
}

function pass(history: History, random: Random): void {
  const { now, tasks } = history.scheduler;
  const due = [timers.nextDue(), ...tasks.map(({ notBefore }) => notBefore)].filter((time) => time > now);
  const step = random.oneOf([1, 50, 500, 500, 2500, 12_000]);
  history.pass(Math.min(step, ...due.map((time) => time - now)));
}

function makeTrouble(history: History, random: Random): void {
  const { broker, processes } = history;
  const process = random.oneOf(processes);
  const roll = random.below(10);
  if (roll === 0) {
    broker.isUp = !broker.isUp;
    history.tell(`the broker is ${broker.isUp ? "back" : "away"}`);
  } else if (roll === 1) {
    timers.clear();
    history.tell("Redis is emptied");
  } else if (roll === 2) {
    poison(history, random);
  } else if (process.isUp) {
    history.kill(process);
  }
}
