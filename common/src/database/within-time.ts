/** A store did not answer in time: recognised as "away", so the work is repeated later. */
export class StoreAwayError extends Error {
  override readonly name = "StoreAwayError";
}

/** @throws StoreAwayError when `answer` takes longer; the work behind it goes on */
export async function withinTime<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreAwayError(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}
