import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { changesIn } from "../../spec/histories";
import { numberFrom } from "../argument";
import { checkResponses } from "../check-responses";
import { violationsInLedger } from "../invariants-of-ledger";
import { observedStates } from "../observed-states";
import startStack from "../start-stack";
import stopStack from "../stop-stack";
import { Random } from "../random";
import { finalState } from "./final-state";
import { ResponseLog } from "./response-log";
import { type ChaosFault, injectAll, lostStores, planFaults } from "./faults";
import { endFaults, ledgerLines, stackFile } from "../stack";
import { runUser } from "./user";
import { lostWrites } from "./lost-writes";
import { type Findings, verdictOn } from "./verdict";
import { Monitor } from "./monitor";

const userCount = 20;
const progressIntervalMs = 15_000;

async function chaos(minutes: number, seed: number, only?: string): Promise<boolean> {
  const plan = planFaults(minutes * 60, new Random(seed), only);
  print(`${minutes} minutes of chaos, --seed ${seed}:`);
  for (const { atSeconds, kind, victim } of plan)
    print(`${String(atSeconds).padStart(5)} s  ${kind} (${victim})`);

  const folder = mkdtempSync(join(tmpdir(), "eventhive-chaos-"));
  Object.assign(process.env, {
    CHARGE_OUTCOME_TIMEOUT: "30s", // longer than any fault delays a charge
    E2E_DATA: folder,
    REPLICAS: "2",
  });
  print(`Starting the stack in ${folder}…`);
  await startStack();
  const undocumented = new Set<string>();
  let passed = false;
  try {
    await checkResponses(stackFile().url, (problem) => undocumented.add(problem));
    const verdict = verdictOn(await runThrough(minutes, seed, plan));
    passed = verdict.passed && undocumented.size === 0;
    print(`\n${verdict.text}\n`);
    for (const problem of undocumented) print(`Not as documented: ${problem}`);
  } finally {
    await stopStack();
    if (passed) rmSync(folder, { recursive: true });
    else print(`FAILED with --minutes ${minutes} --seed ${seed}; data and logs are kept in ${folder}`);
  }
  return passed;
}

async function runThrough(minutes: number, seed: number, plan: ChaosFault[]): Promise<Findings> {
  const [log, monitor] = [new ResponseLog(), new Monitor()];
  let [over, isOver, isAtRest] = [0, false, false];
  const progress = setInterval(() => {
    print(`${over} of ${plan.length} faults are over. Acknowledged: ${log.summary()}`);
  }, progressIntervalMs);

  const monitoring = monitor.run(() => isAtRest);
  const sessions = Array.from({ length: userCount }, (_, n) =>
    runUser(log, new Random(seed + 1 + n), () => isOver),
  );
  const [injected] = await Promise.all([injectAll(plan, () => over++), wait(minutes * 60_000)]);
  isOver = true;
  await Promise.all(sessions);
  await endFaults();
  print("All faults are over and all users have stopped. Waiting until the system is quiescent…");
  const rest = await finalState(lostStores());
  isAtRest = true;
  await monitoring;
  clearInterval(progress);
  const { published = [] } = rest.snapshot;
  const lines = ledgerLines();
  const changes = [...monitor.changes, ...changesIn(observedStates(published, lines))];
  const inLedger = violationsInLedger(published, lines);
  const lost = await lostWrites(log, rest.snapshot);
  return { ...rest, plan, injected, monitor, changes, inLedger, log, lostWrites: lost };
}

function print(line: string): void {
  console.log(line);
}

const string = { type: "string" } as const;
const { values } = parseArgs({ options: { minutes: string, seed: string, only: string } });
const { minutes = "5", seed = String(randomInt(1_000_000)), only } = values;
chaos(numberFrom("minutes", minutes), numberFrom("seed", seed, { whole: true }), only).then(
  (passed) => process.exit(passed ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
