/** A number given on the command line. @throws naming the argument and the values it accepts */
export function numberFrom(name: string, text: string, { whole = false, least = 0 } = {}): number {
  const number = text.trim() === "" ? NaN : Number(text);
  if (number >= least && (!whole || Number.isSafeInteger(number))) return number;
  throw new Error(`--${name} takes a ${whole ? "whole " : ""}number from ${least} on, not ${text}`);
}
