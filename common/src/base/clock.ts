const systemTime = () => new Date().getTime();
const systemWait = (milliseconds: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, milliseconds);
  });

let offsetMs = 0;
let read = systemTime;
let rest = systemWait;

/** The one source of time, so that a service agrees with its store and a test can say what time it is. */
export const clock = {
  /** Milliseconds since 1970, by the clock of the service's own store. */
  now: (): number => read() + offsetMs,

  date: (): Date => new Date(clock.now()),

  /** Resolves after so many milliseconds. */
  wait: (milliseconds: number): Promise<void> => rest(milliseconds),

  /**
   * Follows the clock of a store: all processes of a service ask the same one, so they agree about what is due.
   * The answer's travel time is shared half and half between both ways; an answer that was too slow to tell anything new
   * changes nothing.
   * @param storeTime asks the store; milliseconds since 1970
   */
  follow: async (storeTime: () => Promise<number>): Promise<void> => {
    const asked = read();
    const told = await storeTime();
    const answered = read();
    const offset = told - (asked + answered) / 2;
    const doubt = (answered - asked) / 2;
    if (Math.abs(offset - offsetMs) > doubt) offsetMs = Math.round(offset);
  },

  /** For tests: replaces the system's time, and how it passes; without an argument, goes back to it. */
  use: (
    source: () => number = systemTime,
    wait: (milliseconds: number) => Promise<void> = systemWait,
  ): void => {
    read = source;
    rest = wait;
    offsetMs = 0;
  },
};

/** Durations in milliseconds, so that a number never stands without its unit. */
export const seconds = (count: number): number => count * 1000;
export const minutes = (count: number): number => seconds(count * 60);
export const hours = (count: number): number => minutes(count * 60);
