/** Runs when the server starts: what is missing is said now, not by the first page. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { checkSettings } = await import("./lib/settings");
  checkSettings();
  const { drainOnSignal } = await import("./lib/drain");
  drainOnSignal();
  const { rejectMalformedPaths } = await import("./lib/malformed");
  rejectMalformedPaths();
}
