/** The code of the `@example` in the doc comment of an export. */
export function exampleOf(name: string, source: string): string | undefined {
  const declaration = `export (?:async )?(?:const|function|class|interface|type) ${name}\\b`;
  const comment = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n${declaration}`).exec(source)?.[1] ?? "";
  const [, example] = /^ \* @example\n([^]+?)(?=^ \* @|$(?![^]))/m.exec(comment) ?? [];
  return example?.replaceAll(/^ \*? ?/gm, "").trim();
}
