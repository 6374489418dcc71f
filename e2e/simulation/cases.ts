import { liveDangerously } from "./fuzz";
import { type Fault, comeToRest, live, liveWith } from "./round-robin";
import { History } from "./history";
import { problemsOf } from "./problems";
import { Random } from "../random";
import { drawIdsFrom } from "./seeded";
import type { Servers } from "./servers";
import { type Story, basicStories } from "./stories";

/** A history that is still to happen: the same case is always the same history. */
export type Case = { story: Story } & ({ seed: number } | { fault: Fault | undefined });

export interface Ending {
  history: History;
  problems: string[];
}

/** Lets it happen from an empty marketplace to its end, and looks whether all that should be true is. */
export async function happen(servers: Servers, what: Case): Promise<Ending> {
  drawIdsFrom(new Random("seed" in what ? what.seed : 0));
  const history = new History(servers.url, what.story);
  servers.show(history);
  await history.begin();
  try {
    if ("seed" in what) await liveDangerously(history, new Random(what.seed));
    else if (what.fault) await liveWith(what.fault, history);
    else await live(history);
    await comeToRest(history);
    return { history, problems: await problemsOf(history) };
  } catch (error) {
    return { history, problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
  } finally {
    history.end();
  }
}

export interface NamedFault {
  name: string;
  place: string;
  fault: Fault;
}

/** A failpoint is a name of three parts; reads and writes have four. */
const isFailpoint = (place: string) => /^\w+\.\w+\.\w+$/.test(place);

const isBeforeOperation = (place: string) => /^\w+\.\w+\.\w+\.before$/.test(place);

/**
 * All single faults of a basic story: a kill at each passage of a failpoint, every place where a task can be held, and
 * every operation of a database that can time out.
 */
export function faultsIn(name: string, places: string[]): NamedFault[] {
  const all = (what: Fault["what"], isMeant: (place: string) => boolean) =>
    places.flatMap((place, at) => (isMeant(place) ? [{ name, place, fault: { at, what } }] : []));
  return [
    ...all("kill", isFailpoint),
    ...all("time-out", isBeforeOperation),
    ...all("time-out-late", isBeforeOperation),
    ...all("hold", () => true),
    ...all("hold-long", () => true),
  ];
}

/** Each failpoint once. */
export const firstKills = (faults: NamedFault[]): NamedFault[] =>
  faults.filter(
    ({ place, fault }, n) =>
      fault.what === "kill" &&
      faults.findIndex((each) => each.fault.what === "kill" && each.place === place) === n,
  );

export const storyNamed = (name: string): Story => {
  const story = basicStories[name];
  if (!story) throw new Error(`There is no story "${name}": ${Object.keys(basicStories).join(", ")}`);
  return story;
};
