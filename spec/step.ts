import type { Mutant } from "./mutants";
import { type State, copyOf } from "./state";
import type { World } from "./world";

export interface Step {
  name: string;
  /** It happens sooner or later unless something else makes it impossible; other steps may never happen. */
  isFair: boolean;
  to: State;
}

/** Changes a copy of the state; false when it cannot happen, or would change nothing. */
type Change = (next: State) => boolean | void;

/** Collects what can happen next in one state. */
export class Steps {
  readonly found: Step[] = [];

  constructor(
    readonly state: State,
    readonly world: World,
    readonly mutant: Mutant | undefined,
    private readonly reduce: (next: State) => void,
  ) {}

  must(name: string, change: Change): void {
    this.#add(name, true, change);
  }

  may(name: string, change: Change): void {
    this.#add(name, false, change);
  }

  /** A crash or a loss. */
  fault(name: string, change: Change): void {
    const { maxFaults } = this.world;
    if (maxFaults === undefined) return this.may(name, change);
    if (this.state.faults >= maxFaults) return;
    this.may(name, (next) => {
      next.faults += 1;
      return change(next);
    });
  }

  #add(name: string, isFair: boolean, change: Change): void {
    const to = copyOf(this.state);
    if (change(to) === false) return;
    this.reduce(to);
    this.found.push({ name, isFair, to });
  }
}
