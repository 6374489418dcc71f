import { z } from "zod";

/** Apart from the other settings, because an image without a ticket is drawn by the build, which has none of them. */
export const previewSettings = {
  /** How many preview images are drawn at once. Each takes 3 MB and a core meanwhile. */
  PREVIEW_CONCURRENCY: z.coerce.number().int().positive().default(2),
  /** How many may wait to be drawn. */
  MAX_PENDING_PREVIEWS: z.coerce.number().int().positive().default(20),
  /** How many are kept in memory, including those that are not drawn yet. */
  MAX_KEPT_PREVIEWS: z.coerce.number().int().positive().default(100),
};
const shape = z.object(previewSettings);
let known: z.infer<typeof shape> | undefined;
const limits = () => (known ??= shape.parse(process.env));

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
  const { PREVIEW_CONCURRENCY, MAX_PENDING_PREVIEWS, MAX_KEPT_PREVIEWS } = limits();
  const kept = pictures.get(key);
  if (!kept && waiting.length >= MAX_PENDING_PREVIEWS) return undefined;
  const made = kept ?? limitConcurrency(PREVIEW_CONCURRENCY, draw);
  pictures.delete(key);
  pictures.set(key, made);
  if (!kept) made.catch(() => pictures.delete(key));
  const [oldest] = pictures.keys();
  if (oldest !== undefined && pictures.size > MAX_KEPT_PREVIEWS) pictures.delete(oldest);
  return made;
}

async function limitConcurrency(maxRunning: number, draw: () => Promise<Picture>): Promise<Picture> {
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
