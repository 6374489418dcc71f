/** The samples of one time series before, during and after an outage, in promtool's notation. */
export type Samples = (phases: {
  before: number;
  during: number;
  after: number;
  stepSeconds: number;
}) => string;

const constant = (value: number, count: number) => (count > 0 ? `${value}+0x${count - 1}` : "");

export const always =
  (value: number): Samples =>
  ({ before, during, after }) =>
    constant(value, before + during + after);

export const changes =
  (well: number, broken: number): Samples =>
  ({ before, during, after }) =>
    [constant(well, before), constant(broken, during), constant(well, after)].join(" ");

/** 1, but 0 for 45 s of every 2 minutes of the outage. */
export const flaps: Samples = ({ before, during, after, stepSeconds }) =>
  [
    constant(1, before),
    ...Array.from({ length: during }, (_, step) => ((step * stepSeconds) % 120 < 45 ? 0 : 1)),
    constant(1, after),
  ].join(" ");

/** Prometheus marks the end of a series whose target has disappeared. */
export const disappears =
  (value: number): Samples =>
  ({ before, during, after }) =>
    [constant(value, before), "stale", `_x${during - 1}`, constant(value, after)].join(" ");

export const never: Samples = ({ before, during, after }) => `_x${before + during + after - 1}`;

export const appearsAfterwards =
  (value: number): Samples =>
  ({ before, during, after }) =>
    [`_x${before + during}`, constant(value, after)].join(" ");

/** A timestamp that is always current. */
export const now: Samples = ({ before, during, after, stepSeconds }) =>
  `0+${stepSeconds}x${before + during + after - 1}`;

/** A timestamp that is current except during the outage. */
export const stops: Samples = ({ before, during, after, stepSeconds }) =>
  [
    `0+${stepSeconds}x${before - 1}`,
    constant((before - 1) * stepSeconds, during),
    `${(before + during) * stepSeconds}+${stepSeconds}x${after - 1}`,
  ].join(" ");

/** An age: it grows during the outage. */
export const ages: Samples = ({ before, during, after, stepSeconds }) =>
  [constant(0, before), `0+${stepSeconds}x${during - 1}`, constant(0, after)].join(" ");

/** A counter, by its increase per second. */
export const counts =
  (well: number, broken = well): Samples =>
  ({ before, during, after, stepSeconds }) => {
    const [healthy, failing] = [well * stepSeconds, broken * stepSeconds];
    const atStart = healthy * before;
    const atEnd = atStart + failing * during;
    return [
      `0+${healthy}x${before - 1}`,
      `${atStart}+${failing}x${during - 1}`,
      `${atEnd}+${healthy}x${after - 1}`,
    ].join(" ");
  };

export const once: Samples = ({ before, during, after }) =>
  [constant(0, before), constant(1, during + after)].join(" ");
