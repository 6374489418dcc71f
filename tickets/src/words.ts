const maxLetters = 200; // a compatibility form may be many times as long as the input
const maxWordLetters = 20;
const maxTerms = 200;
const maxQueryTerms = 30;

/**
 * The first of the stored terms is not a word but the version of the rules that made the others. A process of an older
 * version that changes a title omits it, so `reindex-titles` finds what it wrote. Increment it with each change of these
 * rules.
 */
export const currentRules = "#2";

// Letters that no normal form decomposes, after folding: lower case only.
const lettersByPlain = {
  ae: "æ",
  oe: "œ",
  th: "þ",
  b: "ƀɓ",
  d: "đðɖɗ",
  e: "ǝəɛɇ",
  f: "ƒ",
  g: "ǥɠ",
  h: "ħ",
  i: "ɨ",
  j: "ɉ",
  k: "ĸƙ",
  l: "łƚɫ",
  n: "ŋɲ",
  o: "øɵɔ",
  p: "ƥ",
  r: "ɍ",
  t: "ŧƭʈ",
  u: "ʉ",
  v: "ʋ",
  y: "ƴ",
  z: "ƶ",
  σ: "ς",
};
const plainByLetter = new Map(
  Object.entries(lettersByPlain).flatMap(([plain, letters]) =>
    Array.from(letters, (letter) => [letter, plain] as const),
  ),
);

/** Normalizes text for search: ignores case, accents, ligatures and invisible characters. */
function fold(text: string): string {
  const base = text
    .normalize("NFKD")
    // Keeps the marks that distinguish Japanese letters. Modifier letters and the Arabic tatweel are removed like accents.
    .replace(/(?![\u3099\u309a])[\p{M}\p{Default_Ignorable_Code_Point}\u02b9-\u02ff\u0640]/gu, "");
  // Only upper-casing folds "ß" to "ss" and "ı" to "i", and "ẞ" has to become "ß" first.
  const folded = base.toLowerCase().toUpperCase().toLowerCase();
  const plain = folded.replace(/[^\p{ASCII}]/gu, (letter) => plainByLetter.get(letter) ?? letter);
  return Array.from(plain.normalize("NFC")).slice(0, maxLetters).join("");
}

// Scripts that put no spaces between words.
const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const words = new RegExp(
  `(?:(?=[\\p{L}\\p{N}])${spaceless.source})+|(?:(?!${spaceless.source})[\\p{L}\\p{N}])+`,
  "gu",
);

/** Runs of letters and digits, as letters. */
const wordsOf = (text: string): string[][] =>
  Array.from(fold(text).match(words) ?? [], (word) => Array.from(word));

const pairsOf = (letters: string[]): string[] =>
  letters.slice(1).map((letter, index) => letters[index] + letter);

/**
 * The search terms of a title, stored so that a search is an equality match and the same index can sort: each prefix of
 * each word and, in a script without spaces, each letter and each pair of adjacent letters. Each term once, and no more
 * than `maxTerms`.
 */
export function searchTermsOf(title: string): string[] {
  const terms = wordsOf(title).flatMap((letters) =>
    spaceless.test(letters[0] ?? "")
      ? letters.flatMap((letter, index) => [letter, (letters[index - 1] ?? "") + letter])
      : letters.slice(0, maxWordLetters).map((_, index) => letters.slice(0, index + 1).join("")),
  );
  return [currentRules, ...[...new Set(terms)].slice(0, maxTerms)];
}

/** The terms that a matching title must have. Empty if the query has no letters or digits. */
export function queryTermsOf(query: string): string[] {
  const terms = wordsOf(query).flatMap((letters) =>
    spaceless.test(letters[0] ?? "") && letters.length > 1
      ? pairsOf(letters)
      : [letters.slice(0, maxWordLetters).join("")],
  );
  return [...new Set(terms)].slice(0, maxQueryTerms);
}

let latest: { title: string; terms: Set<string> } | undefined;

/**
 * Whether a title has all of these terms of a query. Each stream of a search asks about each title that is put on sale,
 * one stream after the other, so the terms of the latest title are kept.
 */
export function isFoundBy(title: string, terms: string[]): boolean {
  if (latest?.title !== title) latest = { title, terms: new Set(searchTermsOf(title)) };
  const stored = latest.terms;
  return terms.every((term) => stored.has(term));
}
