type Wait = (milliseconds: number, wakeUp?: Promise<void>) => Promise<void>;

const systemTime = () => new Date().getTime();
const systemWait: Wait = (milliseconds, wakeUp) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    void wakeUp?.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });

let offsetMs = 0;
let read = systemTime;
let rest = systemWait;

/**
 * The one source of time, so that a service agrees with its store and a test can set the time.
 * @example
 * const expiresAt = new Date(clock.now() + minutes(15));
 * expiresAt > clock.date(); // => true
 */
export const clock = {
  /** Milliseconds since 1970, by the clock of the service's own store. */
  now: (): number => read() + offsetMs,

  date: (): Date => new Date(clock.now()),

  /**
   * Resolves after this many milliseconds.
   * @param wakeUp also resolves the wait, except in tests that control the time
   */
  wait: (milliseconds: number, wakeUp?: Promise<void>): Promise<void> => rest(milliseconds, wakeUp),

  /**
   * Follows the clock of a store: all processes of a service use the same one, so they agree on what is due.
   * Assumes that request and response took equally long. A response whose uncertainty exceeds the difference changes
   * nothing.
   * @param storeTime reads the store's clock; milliseconds since 1970
   */
  follow: async (storeTime: () => Promise<number>): Promise<void> => {
    const sentAt = read();
    const storeNow = await storeTime();
    const receivedAt = read();
    const offset = storeNow - (sentAt + receivedAt) / 2;
    const uncertainty = (receivedAt - sentAt) / 2;
    if (Math.abs(offset - offsetMs) > uncertainty) offsetMs = Math.round(offset);
  },

  /** For tests: replaces the system's time and timer; without arguments, restores them. */
  use: (source: () => number = systemTime, wait: Wait = systemWait): void => {
    read = source;
    rest = wait;
    offsetMs = 0;
  },
};

/**
 * A duration in milliseconds, so that every number shows its unit.
 * @example
 * seconds(5); // => 5000
 */
export const seconds = (count: number): number => count * 1000;

/**
 * A duration in milliseconds.
 * @example
 * minutes(15); // => 900_000
 */
export const minutes = (count: number): number => seconds(count * 60);

/**
 * A duration in milliseconds.
 * @example
 * hours(24); // => 86_400_000
 */
export const hours = (count: number): number => minutes(count * 60);
