const formats = new Map<string, Intl.NumberFormat>();

/** Keeps the format of each currency: creating one costs a hundred times as much as using it. */
export function formatMoney(amount: number, currency: string): string {
  let format = formats.get(currency);
  if (!format) {
    format = new Intl.NumberFormat("en-US", { style: "currency", currency });
    formats.set(currency, format);
  }
  return format.format(amount);
}
