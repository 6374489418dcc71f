import type { Event } from "@eventhive/common";
import { violationsIn } from "../invariants";
import { type Aftermath, calmSeconds, quietWithinSeconds } from "./aftermath";
import type { Answers } from "./answers";
import { type Fault, endsAService } from "./faults";
import { type Watch, clockMarginMs } from "./watch";

/** All that is known when it is over. */
export interface Findings extends Aftermath {
  plan: Fault[];
  watch: Watch;
  answers: Answers;
  brokenPromises: string[];
}

/** For so long an order may outlive its time: both its processes stopped for 20 s, one after the other, then a sweep. */
const overdueMarginMs = 45_000;
const shownOfEach = 5;

/** One line for each invariant, under which comes what broke it. */
export function verdictOn(findings: Findings): { text: string; isGood: boolean } {
  const broken = brokenBy(findings);
  const lines = Object.entries(figuresOf(findings)).flatMap(([name, figures]) => {
    const mine = broken.filter((line) => line.startsWith(`${name}:`));
    const more = mine.length > shownOfEach ? [`… and ${mine.length - shownOfEach} more`] : [];
    const shown = [...mine.slice(0, shownOfEach), ...more].map((line) => `             ${line}`);
    return [`${name.padEnd(4)} ${mine.length === 0 ? "holds " : "BROKEN"}  ${figures}`, ...shown];
  });
  const all = [
    ...lines,
    `Answers: ${tally(findings.answers.statuses)}`,
    `Faults: ${tally(findings.plan.map(({ kind }) => kind))}`,
  ];
  return { text: all.join("\n"), isGood: broken.length === 0 };
}

function brokenBy(findings: Findings): string[] {
  const { snapshot, watch, answers, brokenPromises, plan, restarts } = findings;
  const broken = [...violationsIn(snapshot), ...watch.broken, ...brokenPromises];
  const say = (isBroken: boolean, line: string) => {
    if (isBroken) broken.push(line);
  };
  say(
    broken.some((line) => /^I(2|4|5|11):/.test(line)),
    "I7: something was handled, or said, more than once or not at all: see I2, I4, I5 and I11",
  );
  say(watch.maxOverdueMs > overdueMarginMs, "I9: an order outlived its time by more than that");
  say(findings.deadLetters > 0, "I12: events were given up that anybody can handle");
  say(answers.statuses.includes("500 internal"), "I13: answers were 500, which is never right");
  say(!findings.isQuiet, "I14: it was not quiet by then");
  say(restarts > plan.filter(endsAService).length, "I14: a service died that nobody had killed");
  return broken;
}

function figuresOf(findings: Findings): Record<string, string> {
  const { snapshot, watch, answers, plan } = findings;
  const { tickets, orders, replicas, money, published = [] } = snapshot;
  const charges = money?.charges.filter(({ paid }) => paid) ?? [];
  const standing = charges.filter(({ refunded }) => !refunded).length;
  const versions = [...tickets, ...orders].reduce((sum, { version }) => sum + version + 1, 0);
  const complete = orders.filter(({ status }) => status === "complete").length;
  const expired = orders.filter(({ cancelReason }) => cancelReason === "expired").length;
  const unrepeated = new Set(published.map(contentOf)).size;
  const looks = `${watch.looks} looks while it ran (${watch.looksInVain} more in vain)`;
  return {
    I1: `${tickets.length} tickets, ${orders.length} orders, of which ${complete} complete; ${looks}`,
    I2: `${money?.payments.length} payments, ${charges.length} charges, of which ${standing} stand; ${looks}`,
    I3: `${versions} versions of tickets and orders`,
    I4: `${published.length} events, of which ${published.length - unrepeated} say again what was said`,
    I5: `${Object.values(replicas).flat().length} replicas`,
    I6: `${watch.before.size} documents; ${looks}`,
    I7: `at least ${findings.redeliveries} redeliveries, and the repeats of I4`,
    I8: `kills: ${plan.filter(({ kind }) => kind.includes("kill")).length}`,
    I9: `${expired} expired, at most ${seconds(watch.maxOverdueMs)} late (allowed: ${seconds(overdueMarginMs)} late, ${seconds(clockMarginMs)} early)`,
    I10: `${charges.length} charges, ${orders.length} orders`,
    I11: `${tickets.filter(({ orderId }) => orderId).length} tickets are held`,
    I12: `${findings.deadLetters} dead letters, and nothing was sent that deserves one`,
    I13: `promises: ${answers.promises()}`,
    I14: `quiet after ${findings.quietAfterSeconds.toFixed(1)} s (allowed: ${quietWithinSeconds} s), checked ${calmSeconds} s later; ${findings.restarts} restarts of services`,
  };
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

/** By content: what is announced again has another id. */
const contentOf = ({ type, data }: Event) => `${type} ${JSON.stringify(data)}`;

function tally(names: string[]): string {
  const counts = new Map<string, number>();
  for (const name of names.toSorted()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} × ${name}`).join(", ");
}
