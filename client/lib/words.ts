/** "1 minute", "90 seconds". */
export function durationInWords(seconds: number): string {
  const isWholeMinutes = seconds % 60 === 0;
  const [count, unit] = isWholeMinutes ? [seconds / 60, "minute"] : [seconds, "second"];
  return new Intl.NumberFormat("en-US", { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** "1:05" */
export function clockFace(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
