/** "1 minute", "90 seconds". */
export function durationInWords(seconds: number): string {
  const isWholeMinutes = seconds % 60 === 0;
  return isWholeMinutes ? inWords(seconds / 60, "minute") : inWords(seconds, "second");
}

/** "4 seconds", "30 minutes", "12 hours": rounded up, so that a retry is not too early. */
export function waitInWords(seconds: number): string {
  if (seconds < 90) return inWords(Math.ceil(seconds), "second");
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? inWords(minutes, "minute") : inWords(Math.ceil(minutes / 60), "hour");
}

const inWords = (count: number, unit: "second" | "minute" | "hour") =>
  new Intl.NumberFormat("en-US", { style: "unit", unit, unitDisplay: "long" }).format(count);

/** "1:05" */
export function clockFace(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
