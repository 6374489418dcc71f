import type { SKRSContext2D } from "@napi-rs/canvas";
import { drawable, fontFamilies } from "./poster-fonts";
import { picture } from "./poster-queue";

export const posterSize = { width: 1200, height: 630 };

const margin = 80;
const maxWidth = posterSize.width - 2 * margin;
const [background, ink] = ["#f4b223", "#2a1e02"];
/** The title's font sizes, and how many lines of each fit. */
const titleSizes = [
  { size: 84, maxLines: 2 },
  { size: 60, maxLines: 4 },
  { size: 48, maxLines: 5 },
];
const words = new Intl.Segmenter("und", { granularity: "word" });
const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

interface Poster {
  title: string;
  note: string;
  /** For `Cache-Control`. */
  maxAgeSeconds: number;
}

/**
 * The preview image of a shared link. Drawn with bundled fonts: `next/og` downloads emoji and the fonts of all scripts but
 * Latin, and supports neither Arabic joining nor right-to-left text.
 */
export async function poster({ title, note, maxAgeSeconds }: Poster): Promise<Response> {
  const image = await picture(JSON.stringify([title, note]), () => draw(title, note));
  if (!image)
    return new Response("Too many preview images are being drawn: try again", {
      status: 503,
      headers: { "content-type": "text/plain", "cache-control": "no-store", "retry-after": "5" },
    });
  return new Response(image, {
    headers: { "content-type": "image/png", "cache-control": `public, max-age=${maxAgeSeconds}` },
  });
}

async function draw(title: string, note: string): Promise<Uint8Array<ArrayBuffer>> {
  process.env.DISABLE_SYSTEM_FONTS_LOAD = "1"; // the same image on every machine; read when the library is loaded
  const { createCanvas, GlobalFonts, Path2D } = await import("@napi-rs/canvas");
  const canvas = createCanvas(posterSize.width, posterSize.height);
  const context = canvas.getContext("2d");
  const write = (text: string, size: number) => {
    context.font = `500 ${size}px ${fontFamilies(text, GlobalFonts)}`;
  };

  context.fillStyle = background;
  context.fillRect(0, 0, posterSize.width, posterSize.height);
  context.save();
  context.translate(margin, margin);
  context.scale(2.25, 2.25);
  context.fillStyle = ink;
  context.fill(new Path2D("M16 1 29 8.5v15L16 31 3 23.5v-15z"));
  context.fillStyle = background;
  context.fill(new Path2D("M9 11.5h14v3a1.8 1.8 0 0 0 0 3.6v3H9v-3a1.8 1.8 0 0 0 0-3.6z"));
  context.restore();

  context.fillStyle = ink;
  write("EventHive", 44);
  context.fillText("EventHive", margin + 96, margin + 52);
  write(note, 44);
  context.fillText(note, margin, posterSize.height - margin - 10, maxWidth);

  const text = drawable(title).replace(/\s+/gu, " ").trim();
  const isRightToLeft = startsRightToLeft(text);
  context.direction = isRightToLeft ? "rtl" : "ltr";
  context.textAlign = isRightToLeft ? "right" : "left";
  const { lines, size } = layOut(text, context, write);
  const top = posterSize.height / 2 + 10 - ((lines.length - 1) * size * 1.2) / 2 + size * 0.35;
  const start = isRightToLeft ? posterSize.width - margin : margin;
  for (const [index, line] of lines.entries())
    context.fillText(line, start, top + index * size * 1.2, maxWidth);

  return new Uint8Array(await canvas.encode("png"));
}

/** Picks the largest size that fits; text that is too long even for the smallest is cut with "…". */
function layOut(text: string, context: SKRSContext2D, write: (text: string, size: number) => void) {
  for (const { size, maxLines } of titleSizes) {
    write(text, size);
    const lines = linesOf(text, context);
    if (lines.length <= maxLines) return { lines, size };
    if (size === titleSizes.at(-1)?.size) {
      const last = lines[maxLines - 1] ?? "";
      return { lines: [...lines.slice(0, maxLines - 1), `${last.trimEnd()}…`], size };
    }
  }
  throw new Error("No title size fits");
}

/** Breaks between words, and within a word that is longer than a line. */
function linesOf(text: string, context: SKRSContext2D): string[] {
  const fits = (line: string) => context.measureText(line.trimEnd()).width <= maxWidth;
  const lines: string[] = [];
  let line = "";
  const add = (segment: string) => {
    if (!fits(line + segment) && line !== "") {
      lines.push(line.trimEnd());
      line = "";
    }
    line += segment;
  };
  for (const { segment: word } of words.segment(text)) {
    if (fits(word)) add(line === "" ? word.trimStart() : word);
    else for (const { segment } of graphemes.segment(word)) add(segment);
  }
  return [...lines, line.trimEnd()];
}

/** By its first letter with a direction (https://unicode.org/reports/tr9/#P2). */
function startsRightToLeft(text: string): boolean {
  const first = /\p{L}/u.exec(text)?.[0] ?? "";
  return /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(first);
}
