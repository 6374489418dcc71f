/** A form's text values by field name. */
export function formValues(data: FormData): Record<string, string> {
  return Object.fromEntries(
    [...data].filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}
