/**
 * The one place where a price becomes an amount: 19.99 becomes 1999.
 * @throws RangeError for a price that is not a number with at most two decimals
 */
export function toMinorUnits(price: number): number {
  if (!Number.isFinite(price) || Number(price.toFixed(2)) !== price)
    throw new RangeError(`${price} is not a price: at most two decimals`);
  return Math.round(price * 100); // 19.99 * 100 is 1998.9999999999998
}

/** @throws RangeError for a currency whose minor unit is not a hundredth: its amounts would be wrong by a factor */
export function assertTwoDecimalCurrency(currency: string): void {
  const code = currency.toUpperCase();
  if (!Intl.supportedValuesOf("currency").includes(code))
    throw new RangeError(`${currency} is not a currency`);
  const { maximumFractionDigits } = new Intl.NumberFormat("en", {
    style: "currency",
    currency: code,
  }).resolvedOptions();
  if (maximumFractionDigits !== 2)
    throw new RangeError(
      `${currency} has ${maximumFractionDigits} decimals: only currencies with two can be used`,
    );
}
