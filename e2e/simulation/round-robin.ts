import type { History } from "./history";
import { deliver, deliverable, publishers, relay, ring, sweep, sweepsEvery } from "./moves";
import type { Task } from "./scheduler";
import { timers } from "./timers";

const maxSteps = 20_000;

/** Who goes first when all goes well: what has begun, then what was said, then what people want next. */
async function stepFairly(history: History): Promise<boolean> {
  const { scheduler, people, broker } = history;
  const task = scheduler.tasks.find((each) => scheduler.canGoOn(each) && each !== history.held);
  if (task) {
    await history.step(task);
    return true;
  }
  const delivery = deliverable(history).find(({ inFlight }) => inFlight.size === 0);
  const [member] = delivery ? broker.membersFor(delivery) : [];
  const [publisher] = publishers(history);
  const [timer] = timers.due();
  const [expiration] = history.upOf("expiration");
  const person = people.find(({ isIdle }) => isIdle);
  if (delivery && member) deliver(history, delivery, member);
  else if (publisher) relay(history, publisher);
  else if (timer && expiration) ring(history, timer, expiration);
  else if (person) person.act();
  else return false;
  return true;
}

/** Goes on until nothing is left to do before the clock moves. */
async function settle(history: History): Promise<void> {
  for (let steps = 0; await stepFairly(history); steps++)
    if (steps > maxSteps) throw new Error("I14: it never comes to rest");
}

/** Lets all that people want happen, and what follows from it. What is held goes on when nothing else does. */
export async function live(history: History): Promise<void> {
  const { scheduler } = history;
  for (;;) {
    await settle(history);
    if (history.held) {
      if (history.isHeldLong) await passAndSweep(history, 61_000);
      history.held = undefined;
      continue;
    }
    const waiting = scheduler.tasks.filter(({ isCalling }) => !isCalling);
    if (waiting.length === 0 && history.people.every(({ isDone }) => isDone)) return;
    const due = [
      timers.nextDue(),
      history.gateway.nextGiveUp(),
      ...waiting.map(({ notBefore }) => notBefore),
    ];
    const rest = Math.min(...due.filter((time) => time > scheduler.now)) - scheduler.now;
    // Without a time that anybody waits for, only a sweep can help.
    if (rest < sweepsEvery) pass(history, rest);
    else await passAndSweep(history, Math.min(rest, 60_000));
  }
}

function pass(history: History, milliseconds: number): void {
  history.pass(milliseconds);
  for (const call of history.gateway.overdue()) history.gateway.giveUp(call);
}

async function passAndSweep(history: History, milliseconds: number): Promise<void> {
  pass(history, milliseconds);
  for (const process of history.processes)
    if (process.name.endsWith("-1") && process.isUp) sweep(history, process);
  await settle(history);
}

/** Faults are over: everybody is started again, and so much time passes that all sweeps have had their turn. */
export async function comeToRest(history: History): Promise<void> {
  history.tell("the faults are over");
  history.interrupt = undefined;
  history.drawFate = undefined;
  history.broker.isUp = true;
  for (const process of history.processes) {
    if (!process.isUp) history.start(process);
    history.unpublished.add(process.service.name);
  }
  await live(history);
  // Orders' time and twice the gateway's timeout; CHARGE_OUTCOME_TIMEOUT; the hour between two comparisons with the
  // gateway; twice the longest pause of a refund, because a fault that is left may hit one; the steps of two
  // comparisons. Far less than the day for which the gateway repeats its first answer.
  for (const minutes of [1.5, 12, 75, 11, 11, 1, 1, 1, 1, 1]) {
    await passAndSweep(history, minutes * 60_000);
    await live(history);
  }
}

export const faults = ["kill", "hold", "hold-long", "time-out", "time-out-late"] as const;

/**
 * What happens to the step that comes to the n-th place: its process dies, or it waits for all else, or for longer, or
 * the database does not answer it in time, where a write is done nevertheless, at once or late.
 */
export interface Fault {
  at: number;
  what: (typeof faults)[number];
}

/** Everything goes well but for one fault. */
export async function liveWith({ at, what }: Fault, history: History): Promise<void> {
  history.interrupt = (task: Task) => {
    if (history.places.length !== at + 1) return;
    if (what === "kill") {
      const process = history.processes.find(({ name }) => name === task.process);
      if (process) history.kill(process);
      if (process) history.start(process);
      return;
    }
    if (what === "time-out" || what === "time-out-late") {
      history.timesOut = { task, fate: what === "time-out" ? "lost" : "late" };
      return;
    }
    history.tell(`${task.process}: ${task.words} is held`);
    history.held = task;
    history.isHeldLong = what === "hold-long";
  };
  await live(history);
}
