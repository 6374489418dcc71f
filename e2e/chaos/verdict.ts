import type { Event } from "@eventhive/common";
import { type Change, transitionOf, violationsOfModel } from "../../spec/histories";
import { allowedTransitions } from "../../spec/transitions";
import { violationsIn } from "../invariants";
import { clockMarginMs } from "../invariants-of-ledger";
import { type FinalState, calmSeconds, quietWithinSeconds } from "./final-state";
import { type ResponseLog, type Wait, isTemporary } from "./response-log";
import { type Outcomes, addOutcome, outcomeTable } from "../outcomes";
import { type ChaosFault, type Injected, freezesMongo, freezesResponses, killsService } from "./faults";
import type { Monitor } from "./monitor";

/** The results of a run. */
export interface Findings extends FinalState {
  plan: ChaosFault[];
  injected: Injected[];
  monitor: Monitor;
  /** Of orders, payments and intents. */
  changes: Change[];
  /** What the history of the gateway's ledger violates. */
  inLedger: string[];
  log: ResponseLog;
  lostWrites: string[];
}

/** How late an order may expire: both processes are stopped for 20 s, one after the other, then a sweep runs. */
const overdueMarginMs = 45_000;
/**
 * How long a response may take while MongoDB is frozen: a database operation times out after 4 s. A payment also waits up to
 * 20 s for Stripe, and after 25 s, the gateway responds with 504.
 */
const maxWaitMs = ({ isPayment }: Wait): number => (isPayment ? 24_000 : 10_000);
const shownOfEach = 5;

/** One line per invariant, followed by its violations. */
export function verdictOn(findings: Findings): { text: string; passed: boolean } {
  const violations = allViolations(findings);
  const lines = Object.entries(figuresOf(findings)).flatMap(([name, figures]) => {
    const mine = violations.filter((line) => line.startsWith(`${name}:`));
    const more = mine.length > shownOfEach ? [`… and ${mine.length - shownOfEach} more`] : [];
    const shown = [...mine.slice(0, shownOfEach), ...more].map((line) => `              ${line}`);
    return [`${name.padEnd(5)} ${mine.length === 0 ? "holds " : "FAILED"}  ${figures}`, ...shown];
  });
  const all = [
    ...lines,
    `Responses: ${findings.log.tally()}`,
    ...outcomeTable(outcomesOf(findings)),
    ...transitionTable(findings.changes),
  ];
  return { text: all.join("\n"), passed: violations.length === 0 };
}

function allViolations(findings: Findings): string[] {
  const { snapshot, monitor, changes, inLedger, log, lostWrites, plan, restarts } = findings;
  const violations = [
    ...violationsIn(snapshot),
    ...monitor.violations,
    ...inLedger,
    ...lostWrites,
    ...new Set(violationsOfModel(changes)),
  ];
  const report = (isBroken: boolean, line: string) => {
    if (isBroken) violations.push(line);
  };
  report(
    violations.some((line) => /^I(2|4|5|11):/.test(line)),
    "I7: an event was handled or published more than once, or not at all: see I2, I4, I5 and I11",
  );
  report(monitor.maxOverdueMs > overdueMarginMs, "I9: an order expired later than allowed");
  report(findings.deadLetters > 0, "I12: valid events became dead letters");
  report(log.statuses.includes("500 internal"), "I13: there were responses with status 500");
  const tooLong = waitsForMongo(findings).filter((wait) => wait.until - wait.from > maxWaitMs(wait));
  report(tooLong.length > 0, `I13: while MongoDB was frozen, ${tooLong.length} responses took too long`);
  report(monitor.polls === 0, "I6: no poll of the databases succeeded");
  // Nothing else interrupts a request, and elections only delay it.
  report(
    plan.every(({ victim }) => victim === "primary") && !log.statuses.every(isTemporary),
    "I13: during elections, there were responses other than 2xx, 4xx, and 503 with Retry-After",
  );
  report(!findings.isQuiet, "I14: the system did not become quiescent in time");
  report(restarts > plan.filter(killsService).length, "I14: a service exited without being killed");
  return violations;
}

/** Of the responses that a frozen MongoDB may have delayed, and nothing else that was frozen. */
function waitsForMongo({ injected, log }: Findings): Wait[] {
  const [frozenMongo, excuses] = [injected.filter(freezesMongo), injected.filter(freezesResponses)];
  const isDuring = (wait: Wait, faults: Injected[]) =>
    faults.some(({ from, until }) => from <= wait.until && wait.from <= until);
  return log.waits.filter((wait) => isDuring(wait, frozenMongo) && !isDuring(wait, excuses));
}

function figuresOf(findings: Findings): Record<string, string> {
  const { snapshot, monitor, changes, log, plan } = findings;
  const { tickets, orders, replicas, money, published = [] } = snapshot;
  const charges = money?.charges.filter(({ paid }) => paid) ?? [];
  const captured = charges.filter((charge) => charge.captured);
  const unrefunded = captured.filter(({ refunded }) => !refunded).length;
  const held = charges.filter(({ payment_intent: intent }) => intent).length;
  const released = charges.length - captured.length;
  const versions = [...tickets, ...orders].reduce((sum, { version }) => sum + version + 1, 0);
  const complete = orders.filter(({ status }) => status === "complete").length;
  const expired = orders.filter(({ cancelReason }) => cancelReason === "expired").length;
  const direct = changes.filter(({ isDirect }) => isDirect);
  const distinct = new Set(published.map(contentOf)).size;
  const waits = waitsForMongo(findings).map(({ from, until }) => until - from);
  const polls = `${monitor.polls} polls during the run (${monitor.failedPolls} more failed)`;
  return {
    I1: `${tickets.length} tickets, ${orders.length} orders, of which ${complete} complete; ${polls}`,
    I2: `${money?.payments.length} payments, ${held} holds, of which ${released} were not captured, ${captured.length} charges, of which ${unrefunded} are not refunded; ${polls}`,
    I3: `${versions} versions of tickets and orders`,
    I4: `${published.length} events, of which ${published.length - distinct} are repeats`,
    I5: `${Object.values(replicas).flat().length} replicas`,
    I6: `${monitor.before.size} documents; ${polls}`,
    I7: `at least ${findings.redeliveries} redeliveries, and the repeats of I4`,
    I8: `kills: ${plan.filter(({ kind }) => kind.includes("kill")).length}`,
    I9: `${expired} expired, at most ${seconds(monitor.maxOverdueMs)} late (allowed: ${seconds(overdueMarginMs)} late, ${seconds(clockMarginMs)} early)`,
    I10: `${charges.length} charges, ${orders.length} orders`,
    I11: `${tickets.filter(({ orderId }) => orderId).length} tickets are reserved or sold`,
    I12: `${findings.deadLetters} dead letters; no invalid message was sent`,
    I13: `acknowledged: ${log.summary()}; ${waits.length} responses while MongoDB was frozen took at most ${seconds(Math.max(0, ...waits))}`,
    I14: `quiet after ${findings.quietAfterSeconds.toFixed(1)} s (allowed: ${quietWithinSeconds} s), checked ${calmSeconds} s later; ${findings.restarts} restarts of services`,
    model: `${changes.length} observed changes of orders, payments and intents, ${direct.length} of them from one version to the next`,
  };
}

/** A fault may affect what goes on within this time after its end. */
const effectMs = 10_000;

function outcomesOf({ injected, snapshot: { orders, money } }: Findings): Outcomes {
  const outcomes: Outcomes = {};
  const during = [
    ...orders.map(({ createdAt, changedAt, status }) => ({ from: createdAt, until: changedAt, end: status })),
    ...(money?.payments ?? []).map(({ createdAt, since, state }) => ({
      from: createdAt,
      until: since,
      end: state,
    })),
  ];
  for (const { kind, from, until } of injected) {
    const affected = during.filter(
      (each) => Number(each.from) <= until + effectMs && Number(each.until) >= from,
    );
    const ends = affected.map(({ end }) => end);
    addOutcome(outcomes, kind, ends);
  }
  return outcomes;
}

/** Each transition of the model, and the number of orders, payments or intents that made it. */
function transitionTable(changes: Change[]): string[] {
  const makers = new Map([...allowedTransitions].map((name) => [name, new Set<string>()]));
  for (const change of changes) if (change.isDirect) makers.get(transitionOf(change))?.add(change.id);
  const rows = [...makers].map(([name, { size }]) => `  ${name.padEnd(53)}${String(size).padStart(7)}`);
  return ["Transitions of the model of payments, and how often each was seen:", ...rows];
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

/** Without the id: a republished event has a new one. */
const contentOf = ({ type, data }: Event) => `${type} ${JSON.stringify(data)}`;
