/** The code without one of its protections. */
export interface Mutant {
  /** The guard that is removed. */
  guard: string;
  file: string;
  /** What stands in the file, once, and what stands there instead. */
  change: Record<string, string>;
  /** The tests that must turn red, all of them: full names by test file. */
  red: Record<string, string[]>;
}
