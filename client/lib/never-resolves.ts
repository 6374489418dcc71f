/** Keeps a button busy until the next page replaces it, so that a second click cannot repeat the action. */
export const neverResolves = (): Promise<never> => new Promise(() => undefined);
