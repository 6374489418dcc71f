import type { Mutant as ModelMutant } from "../spec/mutants";

/** A change of the code that removes one guard. */
export interface Mutant {
  /** The guard that is removed. */
  guard: string;
  /** The faults planted in the model of the payment protocol that this is on the real code. */
  modelMutants?: ModelMutant[];
  file: string;
  /** Text that occurs exactly once in the file → its replacement. */
  change: Record<string, string>;
  /** The tests that must all fail: full names by test file. */
  red: Record<string, string[]>;
}
