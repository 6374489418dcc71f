import { type Case, type Ending, type NamedFault, faultsIn, firstKills, happen, storyNamed } from "./cases";
import type { Servers } from "./servers";
import { basicStories, inWords, sales, shrink, storyOf } from "./stories";

const nothingYet = {
  histories: 0,
  steps: 0,
  kills: 0,
  redeliveries: 0,
  overtakings: 0,
  lostAnswers: 0,
  firstKills: 0,
  otherFaults: 0,
  allOtherFaults: 0,
  generated: 0,
};
export type Figures = typeof nothingYet;

interface Part {
  /** Every n-th of what there is to try. */
  worker: number;
  workers: number;
  firstSeed: number;
  /** By `Date.now()`. */
  end: number;
}

/** Tries one history after the other until the time is over, or something is wrong: that is told and ends it. */
export class Exploration {
  readonly figures = { ...nothingYet };

  constructor(private readonly servers: Servers) {}

  /** Whether all went well. Each failpoint is killed at once, however long that takes. */
  async run({ worker, workers, firstSeed, end }: Part): Promise<boolean> {
    const faults: NamedFault[] = [];
    for (const [name, story] of Object.entries(basicStories)) {
      const { history, problems } = await this.tryOut({ story, fault: undefined });
      const isSold = history.marketplace.promises.some(({ words }) => words.endsWith("is complete"));
      if (sales.has(name) && !isSold) problems.push("The buyer was not told that the order is paid");
      if (problems.length > 0) return fail(`--story '${name}'`, problems);
      faults.push(...faultsIn(name, history.places));
    }
    const first = Object.keys(basicStories).flatMap((name) =>
      firstKills(faults.filter((each) => each.name === name)),
    );
    const isMine = (_: unknown, n: number) => n % workers === worker;
    for (const kill of first.filter(isMine)) {
      if (!(await this.isSurvived(kill))) return false;
      this.figures.firstKills++;
    }
    const others = faults.filter((fault) => !first.includes(fault)).filter(isMine);
    this.figures.allOtherFaults = others.length;
    for (let seed = firstSeed + worker; Date.now() < end; seed += workers) {
      if (!(await this.endsWell(seed))) return false;
      this.figures.generated++;
      const other = others[this.figures.otherFaults];
      if (!other) continue;
      if (!(await this.isSurvived(other))) return false;
      this.figures.otherFaults++;
    }
    return true;
  }

  async tryOut(what: Case): Promise<Ending> {
    const ending = await happen(this.servers, what);
    const { log, kills, broker, wire } = ending.history;
    this.figures.histories++;
    this.figures.steps += log.length;
    this.figures.kills += kills;
    this.figures.redeliveries += broker.redelivered;
    this.figures.overtakings += broker.overtaken;
    this.figures.lostAnswers += wire.lostAnswers;
    return ending;
  }

  private async isSurvived({ name, place, fault }: NamedFault): Promise<boolean> {
    const { problems } = await this.tryOut({ story: storyNamed(name), fault });
    if (problems.length === 0) return true;
    return fail(`--story '${name}' --${fault.what} ${fault.at}`, [`at ${place}:`, ...problems]);
  }

  private async endsWell(seed: number): Promise<boolean> {
    const story = storyOf(seed);
    const { problems } = await this.tryOut({ story, seed });
    if (problems.length === 0) return true;
    fail(`--seed ${seed}`, [inWords(story), ...problems]);
    const shortest = await shrink(seed, async (each) => {
      const ending = await this.tryOut({ story: each, seed });
      return ending.problems.length > 0;
    });
    return fail(`--seed ${seed} --story '${JSON.stringify(shortest)}'`, ["In short:", inWords(shortest)]);
  }
}

function fail(repetition: string, words: string[]): false {
  console.log([...words, `To see it again: npm run simulate -- ${repetition}`, ""].join("\n"));
  return false;
}
