/** While it is drawn, each takes 3 MB and a core. */
const maxRunning = 2;
const maxWaiting = 20;
const maxKept = 100;

type Picture = Uint8Array<ArrayBuffer>;

/** Drawn, being drawn and waiting. The one that was requested last comes last. */
const pictures = new Map<string, Promise<Picture>>();
let running = 0;
const waiting: (() => void)[] = [];

/**
 * Limits how many images are drawn at once, so that requests for them exhaust neither the memory nor the processor. Draws
 * an image once for everyone who requests it at the same time, and keeps the last ones.
 * @param key equal for equal images
 * @returns undefined when too many images wait to be drawn
 */
export function picture(key: string, draw: () => Promise<Picture>): Promise<Picture> | undefined {
  const known = pictures.get(key);
  if (!known && waiting.length >= maxWaiting) return undefined;
  const made = known ?? limitConcurrency(draw);
  pictures.delete(key);
  pictures.set(key, made);
  if (!known) made.catch(() => pictures.delete(key));
  const [oldest] = pictures.keys();
  if (oldest !== undefined && pictures.size > maxKept) pictures.delete(oldest);
  return made;
}

async function limitConcurrency(draw: () => Promise<Picture>): Promise<Picture> {
  if (running < maxRunning) running += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await draw();
  } finally {
    const startNext = waiting.shift();
    if (startNext) startNext();
    else running -= 1;
  }
}
