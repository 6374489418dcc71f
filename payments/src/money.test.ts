import { assertTwoDecimalCurrency, toMinorUnits } from "./money";

it("converts every price from 0.50 to 1,000.00 to whole cents", () => {
  const allCents = Array.from({ length: 99_951 }, (_, index) => index + 50);
  const priceOf = (cents: number) =>
    Number(`${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`);
  expect(allCents.filter((cents) => toMinorUnits(priceOf(cents)) !== cents)).toEqual([]);
});

it("keeps the cents of the most expensive ticket", () => {
  expect(toMinorUnits(999_999.99)).toBe(99_999_999);
});

it.each([19.999, 1.005, 0.1 + 0.2, Number.NaN, Number.POSITIVE_INFINITY])(
  "refuses %p as a price",
  (price) => {
    expect(() => toMinorUnits(price)).toThrow(RangeError);
  },
);

it.each(["usd", "EUR", "gbp"])("accepts %s", (currency) => {
  expect(() => assertTwoDecimalCurrency(currency)).not.toThrow();
});

it.each([
  ["jpy", "jpy has 0 decimals: only currencies with two can be used"],
  ["kwd", "kwd has 3 decimals: only currencies with two can be used"],
  ["abc", "abc is not a currency"],
  ["dollars", "dollars is not a currency"],
])("rejects %s, with the reason", (currency, reason) => {
  expect(() => assertTwoDecimalCurrency(currency)).toThrow(reason);
});
