import type { Simulation } from "./simulation";
import { deliver, deliverable, publishers, relay, fireTimer, sweep, sweepIntervalMs } from "./start-tasks";
import type { Task } from "./scheduler";
import { timers } from "./timers";

const maxSteps = 20_000;

/** The next step without faults: a runnable task, else a delivery, a relay, a timer, or the next action of a user. */
async function stepNext(simulation: Simulation): Promise<boolean> {
  const { scheduler, users, broker } = simulation;
  const task = scheduler.tasks.find((each) => scheduler.isRunnable(each) && each !== simulation.held);
  if (task) {
    await simulation.step(task);
    return true;
  }
  const delivery = deliverable(simulation).find(({ inFlight }) => inFlight.size === 0);
  const [member] = delivery ? broker.availableMembers(delivery) : [];
  const [publisher] = publishers(simulation);
  const [timer] = timers.due();
  const [expiration] = simulation.runningProcesses("expiration");
  const user = users.find(({ isIdle }) => isIdle);
  if (delivery && member) deliver(simulation, delivery, member);
  else if (publisher) relay(simulation, publisher);
  else if (timer && expiration) fireTimer(simulation, timer, expiration);
  else if (user) user.act();
  else return false;
  return true;
}

/** Steps until nothing can run before the clock advances. */
async function runUntilIdle(simulation: Simulation): Promise<void> {
  for (let steps = 0; await stepNext(simulation); steps++)
    if (steps > maxSteps) throw new Error("I14: the system does not become quiescent");
}

/** Runs until all users are done and no task is left. A held task resumes when nothing else can run. */
export async function runToCompletion(simulation: Simulation): Promise<void> {
  const { scheduler } = simulation;
  for (;;) {
    await runUntilIdle(simulation);
    if (simulation.held) {
      if (simulation.isHeldLong) await advanceAndSweep(simulation, 61_000);
      simulation.held = undefined;
      continue;
    }
    const [lagging] = simulation.replication.lagging;
    if (lagging && simulation.failoverAt <= scheduler.now) {
      await sweepAll(simulation);
      await simulation.replication.failOver(lagging);
      continue;
    }
    const waiting = scheduler.tasks.filter(({ isBlocked }) => !isBlocked);
    if (!lagging && waiting.length === 0 && simulation.users.every(({ isDone }) => isDone)) return;
    const due = [timers.nextDue(), simulation.gateway.nextTimeout(), ...waiting.map(({ wakeAt }) => wakeAt)];
    if (lagging) due.push(simulation.failoverAt);
    const untilDue = Math.min(...due.filter((time) => time > scheduler.now)) - scheduler.now;
    // Without a due time, only a sweep can make progress.
    if (untilDue < sweepIntervalMs) advanceClock(simulation, untilDue);
    else await advanceAndSweep(simulation, Math.min(untilDue, 60_000));
  }
}

function advanceClock(simulation: Simulation, milliseconds: number): void {
  simulation.advanceClock(milliseconds);
  for (const call of simulation.gateway.timedOut()) simulation.gateway.timeOut(call);
}

async function advanceAndSweep(simulation: Simulation, milliseconds: number): Promise<void> {
  advanceClock(simulation, milliseconds);
  await sweepAll(simulation);
}

async function sweepAll(simulation: Simulation): Promise<void> {
  for (const process of simulation.processes)
    if (process.name.endsWith("-1") && process.isUp) sweep(simulation, process);
  await runUntilIdle(simulation);
}

/** Ends all faults, restarts killed processes, and advances the clock until every sweep has run. */
export async function quiesce(simulation: Simulation): Promise<void> {
  simulation.trace("all faults end");
  simulation.interrupt = undefined;
  simulation.drawDatabaseOutcome = undefined;
  simulation.broker.isUp = true;
  for (const service of simulation.replication.lagging) simulation.catchUp(service);
  for (const process of simulation.processes) {
    if (!process.isUp) simulation.restart(process);
    simulation.unpublished.add(process.service.name);
  }
  await runToCompletion(simulation);
  // EXPIRATION_SECONDS plus twice Stripe's timeout; CHARGE_OUTCOME_TIMEOUT; the hour between two reconciliations; twice
  // the longest delay before a refund is retried, because a remaining fault may hit one; the steps of two
  // reconciliations. The total is far below the day for which Stripe keeps idempotency keys.
  for (const minutes of [1.5, 12, 75, 11, 11, 1, 1, 1, 1, 1, 1]) {
    await advanceAndSweep(simulation, minutes * 60_000);
    await runToCompletion(simulation);
  }
}

export const failovers = ["fail-over", "fail-over-late", "fail-over-after"] as const;
export const faults = ["kill", "hold", "hold-long", "time-out", "time-out-late", ...failovers] as const;

/**
 * What happens to the task that reaches the n-th suspension point: its process is killed, or it is held until nothing
 * else can run, or for a minute longer, or its database operation times out, and a write is executed at once or later.
 * Or the primary that gets its write fails: before any other member has it, once nothing else can run, or so late that
 * waiting operations have timed out and were repeated; or after the write was confirmed.
 */
export interface SimulatedFault {
  at: number;
  kind: (typeof faults)[number];
}

/** `orders` of `orders.tickets.findOne.before`. */
const serviceOfPoint = (point: string): string => point.split(".")[0] ?? "";

/** Runs with a single fault. */
export async function runWithFault({ at, kind }: SimulatedFault, simulation: Simulation): Promise<void> {
  simulation.interrupt = (task: Task) => {
    if (simulation.points.length !== at + 1) return;
    if (kind === "kill") {
      const process = simulation.processes.find(({ name }) => name === task.process);
      if (process) simulation.kill(process);
      if (process) simulation.restart(process);
      return;
    }
    if (kind === "time-out" || kind === "time-out-late") {
      simulation.databaseFault = { task, outcome: kind === "time-out" ? "lost" : "late" };
      return;
    }
    if (kind === "fail-over-after") {
      simulation.replication.failAfterNextWrite(serviceOfPoint(task.point));
      return;
    }
    if (kind === "fail-over" || kind === "fail-over-late") {
      simulation.stopReplication(serviceOfPoint(task.point));
      simulation.failoverAt = simulation.scheduler.now + (kind === "fail-over-late" ? 7000 : 0);
      return;
    }
    simulation.trace(`${task.process}: ${task.description} is held`);
    simulation.held = task;
    simulation.isHeldLong = kind === "hold-long";
  };
  await runToCompletion(simulation);
}
