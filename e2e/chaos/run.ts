import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { numberFrom } from "../argument";
import startStack from "../start-stack";
import stopStack from "../stop-stack";
import { Random } from "../random";
import { aftermath } from "./aftermath";
import { Answers } from "./answers";
import { type Fault, carryOut, lostStores, planOf } from "./faults";
import { live } from "./person";
import { brokenPromises } from "./promises";
import { type Findings, verdictOn } from "./verdict";
import { Watch } from "./watch";

const people = 20;
const tellIntervalMs = 15_000;

async function chaos(minutes: number, seed: number): Promise<boolean> {
  const plan = planOf(minutes * 60, new Random(seed));
  say(`${minutes} minutes of chaos, --seed ${seed}:`);
  for (const { atSeconds, kind, victim } of plan)
    say(`${String(atSeconds).padStart(5)} s  ${kind} (${victim})`);

  const folder = mkdtempSync(join(tmpdir(), "eventhive-chaos-"));
  Object.assign(process.env, {
    CHARGE_OUTCOME_TIMEOUT: "30s", // longer than any fault holds a charge back
    E2E_DATA: folder,
    REPLICAS: "2",
  });
  say(`Starting the stack in ${folder} …`);
  await startStack();
  let isGood = false;
  try {
    const verdict = verdictOn(await runThrough(minutes, seed, plan));
    isGood = verdict.isGood;
    say(`\n${verdict.text}\n`);
  } finally {
    await stopStack();
    if (isGood) rmSync(folder, { recursive: true });
    else say(`BROKEN by --minutes ${minutes} --seed ${seed}; data and logs are kept in ${folder}`);
  }
  return isGood;
}

async function runThrough(minutes: number, seed: number, plan: Fault[]): Promise<Findings> {
  const [answers, watch] = [new Answers(), new Watch()];
  let [over, isOver, isAtRest] = [0, false, false];
  const telling = setInterval(() => {
    say(`${over} of ${plan.length} faults are over. Promises: ${answers.promises()}`);
  }, tellIntervalMs);

  const watching = watch.run(() => isAtRest);
  const lives = Array.from({ length: people }, (_, n) =>
    live(answers, new Random(seed + 1 + n), () => isOver),
  );
  await Promise.all([carryOut(plan, () => over++), wait(minutes * 60_000)]);
  isOver = true;
  await Promise.all(lives);
  say("All faults are over and everybody has gone home; waiting for quiet …");
  const rest = await aftermath(lostStores());
  isAtRest = true;
  await watching;
  clearInterval(telling);
  return { ...rest, plan, watch, answers, brokenPromises: await brokenPromises(answers, rest.snapshot) };
}

function say(line: string): void {
  console.log(line);
}

const { values } = parseArgs({ options: { minutes: { type: "string" }, seed: { type: "string" } } });
const { minutes = "5", seed = String(randomInt(1_000_000)) } = values;
chaos(numberFrom("minutes", minutes), numberFrom("seed", seed, { whole: true })).then(
  (isGood) => process.exit(isGood ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
