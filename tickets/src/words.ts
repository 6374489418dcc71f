// Compatibility forms may be many times as long as what was typed; a title has no more letters than this.
const mostLetters = 200;

/** The words of a text as the search compares them: in small letters, without accents, each once. */
export function wordsOf(text: string): string[] {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().normalize("NFC");
  return [...new Set(plain.slice(0, mostLetters).match(/[\p{L}\p{N}]+/gu))];
}

/** All beginnings of all words. Stored, they find by equality what begins with a word, so one index can sort as well. */
export function beginningsOf(text: string): string[] {
  const beginnings = wordsOf(text).flatMap((word) => {
    const letters = Array.from(word);
    return letters.map((_, index) => letters.slice(0, index + 1).join(""));
  });
  return [...new Set(beginnings)];
}
