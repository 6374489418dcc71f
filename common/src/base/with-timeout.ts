/**
 * A store did not respond in time. `isTransient` recognizes it, so that the work is retried later.
 * @example
 * isTransient(new StoreUnavailableError("Redis did not respond")); // => true
 */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
}

/**
 * @throws StoreUnavailableError when `operation` takes longer; the work behind it continues
 * @example
 * await withTimeout(Promise.resolve("PONG"), seconds(2)); // => "PONG"
 */
export async function withTimeout<T>(operation: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new StoreUnavailableError(`no response within ${milliseconds} ms`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([operation, limit]);
  } finally {
    clearTimeout(timer);
  }
}
