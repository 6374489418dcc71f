/** The amount of a typed price, or what is wrong with it. */
export type Price = { amount: number } | { problem: string };

const [lowest, highest] = [0.5, 999_999.99];
const outOfRange = "The price must be from 0.50 to 999,999.99.";
const notAPrice = "Enter the price as a number, such as 9.99.";
const tooManyDecimals = "The price can have at most two decimals.";

/** An integer, ungrouped, in groups of three, or in Indian groups (12,34,567). */
const integer = /^(?:\d+|[1-9]\d{0,2}([., ])\d{3}(?:\1\d{3})*|[1-9]\d?(?:,\d{2})+,\d{3})$/;

/**
 * Accepts the notations of all countries, such as `1,250.00`, `1.250,00`, `1 250,00`, `1'250.00` and `١٢٥٠٫٠٠`, but rejects
 * ambiguous ones: `1,250` can mean 1250 or 1.25.
 * @param currency of the marketplace; the sign or code of another currency is rejected
 */
export function parsePrice(typed: string, currency: string): Price {
  const text = withoutCurrency(toAscii(typed), currency);
  if (/\p{Sc}|\b[A-Z]{3}\b/u.test(text)) return { problem: `Prices are in ${currency.toUpperCase()}.` };
  if (!/^[\d., ]*\d$/.test(text)) return { problem: notAPrice };

  if (/^[1-9]\d{0,2}[.,]\d{3}$/.test(text))
    return {
      problem: `“${text}” is ambiguous: enter the price without a thousands separator and with at most two decimals.`,
    };
  const [, whole = "", , decimals = ""] = /^(.*?)(?:([.,])(\d{1,2}))?$/.exec(text) ?? [];
  const groups = whole === "" ? "0" : whole;
  if (/^[\d ]*[.,]\d{3,}$/.test(text) && !integer.test(text)) return { problem: tooManyDecimals };
  const separator = text.at(whole.length);
  // The same character cannot group digits and separate the decimals.
  if (!integer.test(groups) || (decimals && separator && groups.includes(separator)))
    return { problem: notAPrice };

  const amount = Number(`${groups.replace(/[., ]/g, "")}.${decimals || "0"}`);
  return amount < lowest || amount > highest ? { problem: outOfRange } : { amount };
}

/** Converts full-width, Arabic and Persian digits and separators to ASCII, and apostrophes to spaces. */
function toAscii(text: string): string {
  return text
    .normalize("NFKC") // full-width characters and all kinds of spaces
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replaceAll("٫", ".")
    .replace(/[٬'’]/g, " ")
    .replace(/[\s\u200e\u200f\u061c]+/g, " ")
    .trim()
    .toUpperCase();
}

function withoutCurrency(text: string, currency: string): string {
  const code = currency.toUpperCase();
  const parts = new Intl.NumberFormat("en-US", {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
  }).formatToParts(0);
  const symbol = parts.find(({ type }) => type === "currency")?.value ?? code;
  const sign = [code, symbol].find((each) => text.startsWith(each) || text.endsWith(each));
  return sign === undefined ? text : text.replace(sign, "").trim();
}
