const keyOf = (name: string) => `draft of ${name}`;

/** Stores a form's input for the next time that this tab shows the form, as after signing in. */
export function keepDraft(name: string, values: Record<string, string>): void {
  sessionStorage.setItem(keyOf(name), JSON.stringify(values));
}

/** Fills the form with the stored input, once. */
export function restoreDraft(name: string, form: HTMLFormElement): void {
  const draft = sessionStorage.getItem(keyOf(name));
  if (!draft) return;
  sessionStorage.removeItem(keyOf(name));
  // React overrides the setter of each input, and ignores events for values that were set through it.
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
  for (const [field, value] of Object.entries<string>(JSON.parse(draft))) {
    const input = form.elements.namedItem(field);
    if (!(input instanceof HTMLInputElement)) continue;
    setter?.set?.call(input, value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
