const sorted = (values: number[]): number[] => values.toSorted((one, other) => one - other);

/** NaN without values. */
export const percentile = (values: number[], share: number): number =>
  sorted(values)[Math.ceil(values.length * share) - 1] ?? NaN;

/** The higher one of two; NaN without values. */
export const median = (values: number[]): number => sorted(values)[Math.floor(values.length / 2)] ?? NaN;
