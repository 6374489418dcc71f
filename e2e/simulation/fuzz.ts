import type { Random } from "../random";
import { type GatewayOutcome, captureOutcomes } from "./gateway";
import type { Simulation } from "./simulation";
import { deliver, deliverable, poison, publishers, relay, fireTimer, sweep, sweepers } from "./start-tasks";
import type { Task } from "./scheduler";
import { servicesWithDatabase } from "./services";
import { timers } from "./timers";

const maxSteps = 3000;

/** Chooses every step at random: which task resumes, what is delivered, which process dies, which responses are lost. */
export async function fuzz(simulation: Simulation, random: Random): Promise<void> {
  const { scheduler, broker, gateway, users } = simulation;
  // The rates differ between runs: with fixed ones, all runs would look alike.
  const stickiness = random.oneOf([0.2, 0.6, 0.9]);
  const faultRate = random.oneOf([0, 0.005, 0.02]);
  const clockRate = random.oneOf([0.003, 0.03]);
  simulation.drawDatabaseOutcome = () =>
    random.chance(faultRate) ? random.oneOf(["lost", "late"] as const) : "answered";
  simulation.isHandedOver = () => random.chance(0.8);
  const webhookCopies = random.oneOf([[0], [0, 1, 2], [1, 5]]);
  simulation.drawWebhooks = () =>
    Array.from({ length: random.oneOf(webhookCopies) }, () => random.oneOf([0, 50, 2000, 60_000]));
  let last: Task | undefined;

  for (let steps = 0; steps < maxSteps; steps++) {
    const isOver = users.every(({ isDone }) => isDone);
    if (isOver && random.chance(0.01)) return;

    if (random.chance(faultRate)) injectFault(simulation, random);
    for (const process of simulation.processes)
      if (!process.isUp && random.chance(0.02)) simulation.restart(process);
    for (const service of simulation.replication.lagging)
      if (random.chance(0.02)) await endLag(simulation, service, random);
    if (random.chance(clockRate)) advanceClock(simulation, random);

    const ready = scheduler.tasks.filter(scheduler.isRunnable);
    if (last && ready.includes(last) && random.chance(stickiness)) {
      await simulation.step(last);
      continue;
    }
    const choices: (() => Promise<void> | void)[] = [];
    const add = (weight: number, choice: () => Promise<void> | void) => {
      for (let n = 0; n < weight; n++) choices.push(choice);
    };
    if (ready.length > 0) {
      add(6, async () => {
        last = random.oneOf(ready);
        if (last.process === "gateway") gateway.decide(last, gatewayOutcome(random, faultRate));
        if (scheduler.isRunnable(last)) await simulation.step(last);
      });
    }
    const deliveries = deliverable(simulation);
    if (deliveries.length > 0) {
      add(3, () => {
        const delivery = random.oneOf(deliveries);
        deliver(
          simulation,
          delivery,
          random.oneOf(broker.availableMembers(delivery)),
          random.chance(5 * faultRate),
        );
      });
    }
    const relaying = publishers(simulation);
    if (relaying.length > 0) add(2, () => relay(simulation, random.oneOf(relaying)));
    const idle = users.filter(({ isIdle }) => isIdle);
    if (idle.length > 0) add(1, () => random.oneOf(idle).act());
    const due = timers.due();
    const expirations = simulation.runningProcesses("expiration");
    if (due.length > 0 && expirations.length > 0)
      add(1, () => fireTimer(simulation, random.oneOf(due), random.oneOf(expirations)));
    const sweeping = sweepers(simulation);
    if (sweeping.length > 0) add(1, () => sweep(simulation, random.oneOf(sweeping)));
    const timedOut = gateway.timedOut();
    if (timedOut.length > 0) add(2, () => gateway.timeOut(random.oneOf(timedOut)));
    if (choices.length > 0) await random.oneOf(choices)();
    else advanceClock(simulation, random);
  }
}

const gatewayFaults: GatewayOutcome[] = [
  "lost",
  "cut",
  "refused",
  "failed",
  "failed after work",
  ...captureOutcomes,
];

function gatewayOutcome(random: Random, faultRate: number): GatewayOutcome {
  if (!random.chance(10 * faultRate)) return "answered";
  return random.chance(0.4) ? { lateBySeconds: random.oneOf([3, 30, 70, 700]) } : random.oneOf(gatewayFaults);
}

function advanceClock(simulation: Simulation, random: Random): void {
  const { now, tasks } = simulation.scheduler;
  const due = [timers.nextDue(), ...tasks.map(({ wakeAt }) => wakeAt)].filter((time) => time > now);
  const step = random.oneOf([1, 50, 500, 500, 2500, 12_000]);
  simulation.advanceClock(Math.min(step, ...due.map((time) => time - now)));
}

function injectFault(simulation: Simulation, random: Random): void {
  const { broker, processes } = simulation;
  const process = random.oneOf(processes);
  const roll = random.below(10);
  if (roll === 0) {
    broker.isUp = !broker.isUp;
    simulation.trace(`the broker is ${broker.isUp ? "up" : "down"}`);
  } else if (roll === 1) {
    timers.clear();
    simulation.trace("Redis lost its data");
  } else if (roll === 2) {
    poison(simulation, random);
  } else if (roll === 3) {
    const intents = [...simulation.gateway.sandbox.ledger.intents.keys()];
    if (intents.length > 0) simulation.gateway.happen(random.oneOf(intents), "lapse");
  } else if (roll === 4) {
    simulation.stopReplication(random.oneOf(servicesWithDatabase));
  } else if (process.isUp) {
    simulation.kill(process);
  }
}

async function endLag(simulation: Simulation, service: string, random: Random): Promise<void> {
  if (random.chance(0.5)) simulation.catchUp(service);
  else await simulation.replication.failOver(service);
}
