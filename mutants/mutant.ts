/** A change of the code that removes one guard. */
export interface Mutant {
  /** The guard that is removed. */
  guard: string;
  file: string;
  /** Text that occurs exactly once in the file → its replacement. */
  change: Record<string, string>;
  /** The tests that must all fail: full names by test file. */
  red: Record<string, string[]>;
}
