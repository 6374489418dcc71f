/**
 * A store did not respond in time. `isTransient` recognizes it, so that the work is retried later.
 * @example
 * isTransient(new StoreUnavailableError("Redis did not respond")); // => true
 */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
}

/**
 * @param toError makes the error that is thrown when `operation` takes longer; the work behind it continues
 * @throws StoreUnavailableError by default
 * @example
 * await withTimeout(Promise.resolve("PONG"), seconds(2)); // => "PONG"
 */
export async function withTimeout<T>(
  operation: Promise<T>,
  milliseconds: number,
  toError = (): Error => new StoreUnavailableError(`no response within ${milliseconds} ms`),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(toError()), milliseconds);
  });
  try {
    return await Promise.race([operation, limit]);
  } finally {
    clearTimeout(timer);
  }
}
