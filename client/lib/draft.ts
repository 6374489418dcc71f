const keyOf = (name: string) => `draft of ${name}`;

/** Keeps what was typed into a form for its next visit in this tab, as after signing in. */
export function keepDraft(name: string, values: Record<string, string>): void {
  sessionStorage.setItem(keyOf(name), JSON.stringify(values));
}

/** Types into the form what was kept, once. */
export function restoreDraft(name: string, form: HTMLFormElement): void {
  const draft = sessionStorage.getItem(keyOf(name));
  if (!draft) return;
  sessionStorage.removeItem(keyOf(name));
  // React overrides the setter of each input and ignores the event of a value that it has seen there.
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
  for (const [field, value] of Object.entries<string>(JSON.parse(draft))) {
    const input = form.elements.namedItem(field);
    if (!(input instanceof HTMLInputElement)) continue;
    setter?.set?.call(input, value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
