import { setTimeout as wait } from "node:timers/promises";
import type { Event } from "@eventhive/common";
import { startBroker } from "../../infra/local/servers";
import type { StackProcess } from "../../infra/local/stack-file";
import { allDeadLetters } from "../dead-letters";
import { readEventLog } from "../event-log";
import { lastingViolations } from "../invariants";
import { ready, serviceProcesses, stackFile } from "../stack";
import { stackSources } from "../stack-violations";
import { type Snapshot, takeSnapshot } from "../snapshot";

export const quietWithinSeconds = 60;
/** Longer than the ack wait of the broker: unacknowledged messages have been redelivered by then. */
export const calmSeconds = 12;

export interface FinalState {
  isQuiet: boolean;
  quietAfterSeconds: number;
  snapshot: Snapshot;
  deadLetters: number;
  redeliveries: number;
  restarts: number;
}

/** Waits until the system is quiescent, then reads its state. */
export async function finalState(lostStores: string[]): Promise<FinalState> {
  const begun = performance.now();
  await Promise.all(serviceProcesses().map(({ name }) => ready(name)));
  // Wiped logs count as published too: they are read from the folders that they were moved to.
  const lost = await Promise.all(lostStores.map((dataFolder) => startBroker({ dataFolder })));
  const urls = [stackFile().servers.nats, ...lost.map(({ url }) => url)];
  const logs = await Promise.all(urls.map((url) => readEventLog(url)));
  const published = (): Event[] => logs.flatMap(({ events }) => events);
  const sources = stackSources(published);

  const isQuiet = (await lastingViolations(sources, { withinSeconds: quietWithinSeconds })).length === 0;
  const quietAfterSeconds = (performance.now() - begun) / 1000;
  if (isQuiet) await wait(calmSeconds * 1000);
  const snapshot = await takeSnapshot(sources);
  await Promise.all(logs.map((log) => log.close()));
  await Promise.all(lost.map((server) => server.stop()));
  return {
    isQuiet,
    quietAfterSeconds,
    snapshot,
    deadLetters: (await allDeadLetters()).length,
    redeliveries: sum(await Promise.all(serviceProcesses().map(redeliveriesTo))),
    restarts: sum(serviceProcesses().map(({ restarts }) => restarts)),
  };
}

/** Since the start of the process: those before a kill are not counted. */
async function redeliveriesTo({ url }: StackProcess): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return sum(
    [...metrics.matchAll(/^events_redelivered_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count)),
  );
}

const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
