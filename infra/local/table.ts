/** Formats rows as aligned columns. */
export function table(rows: (string | number | undefined)[][]): string {
  const words = rows.map((row) => row.map((word) => String(word ?? "")));
  const widths =
    words[0]?.map((_, column) => Math.max(...words.map((row) => row[column]?.length ?? 0))) ?? [];
  return words
    .map((row) => `  ${row.map((word, column) => word.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}
