import fc from "fast-check";
import { parsePrice } from "./price";

const parse = (typed: string) => parsePrice(typed, "usd");

it.each([
  ["9.99", 9.99],
  ["9,99", 9.99],
  ["9,9", 9.9],
  ["20", 20],
  [".50", 0.5],
  [",50", 0.5],
  ["1250", 1250],
  ["1.250,00", 1250],
  ["1,250.00", 1250],
  ["1 250,00", 1250],
  ["1\u202f250,5", 1250.5],
  ["1'250.00", 1250],
  ["1’250.00", 1250],
  ["12,345.6", 12345.6],
  ["1,00,000.00", 100000],
  ["١٬٢٥٠٫٠٠", 1250],
  ["۹٫۹۹", 9.99],
  ["９．９９", 9.99],
  ["$9.99", 9.99],
  ["9,99 $", 9.99],
  ["USD 9.99", 9.99],
  ["  9.99 ", 9.99],
])("accepts %j", (typed, amount) => {
  expect(parse(typed)).toEqual({ amount });
});

it.each([
  [
    "1,250",
    "“1,250” is ambiguous: enter the price without a thousands separator and with at most two decimals.",
  ],
  [
    "1.250",
    "“1.250” is ambiguous: enter the price without a thousands separator and with at most two decimals.",
  ],
  ["", "Enter the price as a number, such as 9.99."],
  ["free", "Enter the price as a number, such as 9.99."],
  ["-5", "Enter the price as a number, such as 9.99."],
  ["1e3", "Enter the price as a number, such as 9.99."],
  ["9.", "Enter the price as a number, such as 9.99."],
  ["1.2.3", "Enter the price as a number, such as 9.99."],
  ["1,2,34.00", "Enter the price as a number, such as 9.99."],
  ["1,250,00", "Enter the price as a number, such as 9.99."],
  ["12 34", "Enter the price as a number, such as 9.99."],
  ["९.९९", "Enter the price as a number, such as 9.99."],
  ["0,125", "The price can have at most two decimals."],
  ["9.9999", "The price can have at most two decimals."],
  ["1250,000", "The price can have at most two decimals."],
  ["€9.99", "Prices are in USD."],
  ["9.99 EUR", "Prices are in USD."],
  ["0", "The price must be from 0.50 to 999,999.99."],
  ["0,49", "The price must be from 0.50 to 999,999.99."],
  ["1.000.000", "The price must be from 0.50 to 999,999.99."],
])("rejects %j", (typed, problem) => {
  expect(parse(typed)).toEqual({ problem });
});

const locales = [
  "en-US",
  "de-DE",
  "fr-FR",
  "de-CH",
  "sv-SE",
  "pt-BR",
  "en-IN",
  "ar-EG",
  "fa-IR",
  "ja-JP",
  "it-IT",
];

it("accepts every price as any locale formats it", () => {
  const cents = fc.integer({ min: 50, max: 99_999_999 });
  fc.assert(
    fc.property(cents, fc.constantFrom(...locales), (price, locale) => {
      const typed = new Intl.NumberFormat(locale, { minimumFractionDigits: 2 }).format(price / 100);
      expect([typed, parse(typed)]).toEqual([typed, { amount: price / 100 }]);
    }),
  );
});

/** The value of the text with the given grouping and decimal separators. */
function readingOf(text: string, group: string, point: string): number | undefined {
  const [whole = "", decimals = "", ...rest] = text.split(point);
  const groups = whole.split(group);
  const isGrouped =
    groups.length === 1 || groups.every((each, index) => (index ? /^\d{3}$/ : /^\d{1,3}$/).test(each));
  if (rest.length > 0 || !isGrouped || !/^\d*$/.test(groups.join("") + decimals)) return undefined;
  return Number(`${groups.join("")}.${decimals}`);
}

it("never accepts a price that can be read as two amounts", () => {
  const text = fc.string({
    unit: fc.constantFrom("0", "1", "2", "5", ".", ","),
    minLength: 1,
    maxLength: 10,
  });
  fc.assert(
    fc.property(text, (typed) => {
      const price = parse(typed);
      const readings = [readingOf(typed, ",", "."), readingOf(typed, ".", ",")].filter(
        (reading) => reading !== undefined,
      );
      if (!("amount" in price)) return;
      const isIndian = /^\d{1,2}(,\d{2})+,\d{3}/.test(typed);
      expect([typed, ...new Set(readings)]).toEqual([typed, ...(isIndian ? readings : [price.amount])]);
    }),
    { numRuns: 2_000 },
  );
});
