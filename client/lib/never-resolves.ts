/** Keeps a button busy until the next page has taken its place: a second click would do it twice. */
export const neverResolves = (): Promise<never> => new Promise(() => undefined);
