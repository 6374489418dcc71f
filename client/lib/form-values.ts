/** What was typed into a form, by the names of its fields. */
export function formValues(data: FormData): Record<string, string> {
  return Object.fromEntries(
    [...data].filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}
