interface Share {
  maxAgeMs: number;
  maxEntries: number;
}

/**
 * Shares the result of `load` between callers with the same key: those that ask while it loads, and those up to
 * `maxAgeMs` after it began. Failures and undefined are not kept.
 */
export function share<Result>(
  load: (key: string) => Promise<Result | undefined>,
  { maxAgeMs, maxEntries }: Share,
): (key: string) => Promise<Result | undefined> {
  const entries = new Map<string, { result: Promise<Result | undefined>; expiresAt: number }>();

  return (key) => {
    const known = entries.get(key);
    if (known && performance.now() < known.expiresAt) return known.result;

    const result = load(key);
    const entry = { result, expiresAt: performance.now() + maxAgeMs };
    const forget = () => {
      if (entries.get(key) === entry) entries.delete(key);
    };
    entries.delete(key); // a map is ordered by insertion: the new entry is the youngest
    entries.set(key, entry);
    const [oldest] = entries.keys();
    if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
    result.then((value) => value === undefined && forget(), forget);
    return result;
  };
}
