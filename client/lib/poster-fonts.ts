import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import arabic from "@fontsource-variable/noto-sans-arabic/unicode.json";
import emoji from "@fontsource-variable/noto-emoji/unicode.json";
import hebrew from "@fontsource-variable/noto-sans-hebrew/unicode.json";
import japanese from "@fontsource-variable/noto-sans-jp/unicode.json";
import korean from "@fontsource-variable/noto-sans-kr/unicode.json";
import latin from "@fontsource-variable/noto-sans/unicode.json";
import chinese from "@fontsource-variable/noto-sans-sc/unicode.json";
import thai from "@fontsource-variable/noto-sans-thai/unicode.json";
import type { GlobalFonts } from "@napi-rs/canvas";

/** A font file with some of the font's characters. */
interface Subset {
  family: string;
  file: string;
  has: (codePoint: number) => boolean;
}

const baseFamily = "noto-sans-latin";
const subsets = {
  emoji: subsetsOf("noto-emoji", emoji),
  western: subsetsOf("noto-sans", latin), // with Greek, Cyrillic and Devanagari
  others: [
    // Only their own script: these packages also contain Latin letters and symbols.
    ...subsetsOf("noto-sans-arabic", { arabic: arabic.arabic }),
    ...subsetsOf("noto-sans-hebrew", { hebrew: hebrew.hebrew }),
    ...subsetsOf("noto-sans-thai", { thai: thai.thai }),
  ],
  japanese: subsetsOf("noto-sans-jp", japanese),
  korean: subsetsOf("noto-sans-kr", korean),
  chinese: subsetsOf("noto-sans-sc", chinese),
};
/** A pixel font of every assigned character: legible, but not pretty. */
const lastResort: Subset = {
  family: "unifontex",
  file: "@fontsource/unifontex/files/unifontex-latin-400-normal.woff2",
  has: () => true, // the last candidate
};

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
const isEmoji = /[\p{Extended_Pictographic}\p{Regional_Indicator}]/u;
/** Control and unassigned characters, which no font draws; not those that join or order their neighbours. */
const undrawable = /(?!\u200c|\u200d|[\u{e0020}-\u{e007f}])[\p{C}\u2028\u2029]/gu;
/** A keycap emoji is drawn as its digit: its font would replace all digits of the text. */
const keycap = /\ufe0f?\u20e3/gu;

/** The text without characters that cannot be drawn. */
export const drawable = (text: string): string => text.replace(undrawable, "").replace(keycap, "");

/** The font families that the text needs, in order of preference, for a canvas's `font`. */
export function fontFamilies(text: string, fonts: typeof GlobalFonts): string {
  const needed = new Set<Subset>();
  const order = orderFor(text);
  for (const { segment } of graphemes.segment(text)) {
    const candidates = isEmoji.test(segment) ? [...subsets.emoji, ...order] : order;
    const codePoints = Array.from(segment, (character) => character.codePointAt(0) ?? 0);
    // Joined characters, such as a flag, need the one subset that has all of them.
    const whole = candidates.find(({ has }) => codePoints.every(has));
    const parts = whole
      ? [whole]
      : codePoints.map((codePoint) => candidates.find(({ has }) => has(codePoint)));
    for (const part of parts) needed.add(part ?? lastResort);
  }
  for (const subset of [...subsets.western, ...needed])
    if (subset.family === baseFamily || needed.has(subset)) register(subset, fonts);
  return [baseFamily, ...[...needed].map(({ family }) => family)].map((family) => `"${family}"`).join(", ");
}

/** Chinese, Japanese and Korean draw the same code points differently: the text's other letters decide. */
function orderFor(text: string): Subset[] {
  const { western, others, chinese, japanese, korean } = subsets;
  const [first, second, third] = /[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)
    ? [japanese, chinese, korean]
    : /\p{Script=Hangul}/u.test(text)
      ? [korean, chinese, japanese]
      : [chinese, japanese, korean];
  return [...western, ...others, ...first, ...second, ...third];
}

function subsetsOf(font: string, ranges: Record<string, string>): Subset[] {
  return Object.entries(ranges).map(([key, range]) => {
    const subset = `${font}-${key.replace(/[[\]]/g, "")}`;
    const bounds = range.split(",").map((each) => {
      const [from = "", to = from] = each.replace("U+", "").split("-");
      return [Number.parseInt(from, 16), Number.parseInt(to, 16)] as const;
    });
    return {
      family: subset,
      file: `@fontsource-variable/${font}/files/${subset}-wght-normal.woff2`,
      has: (codePoint) => bounds.some(([from, to]) => from <= codePoint && codePoint <= to),
    };
  });
}

const registered = new Set<Subset>();

/** Loads the file once; all fonts together take about 50 MiB. */
function register(subset: Subset, fonts: typeof GlobalFonts): void {
  if (registered.has(subset)) return;
  // Resolves the packages' files from the server's working directory.
  const { resolve } = createRequire(join(process.cwd(), "package.json"));
  if (!fonts.register(readFileSync(resolve(subset.file)), subset.family))
    throw new Error(`${subset.file} is not a font`);
  registered.add(subset);
}
