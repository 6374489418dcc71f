/** Runs when the server starts, so that invalid settings fail the start, not the first page. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { checkSettings, settings } = await import("./lib/settings");
  checkSettings();
  const { drainOnSignal } = await import("./lib/drain");
  const { MAX_BODY_BYTES, BODY_TIMEOUT_SECONDS, SHUTDOWN_TIMEOUT_SECONDS } = settings();
  drainOnSignal({ timeoutMs: SHUTDOWN_TIMEOUT_SECONDS * 1000 });
  const { rejectMalformedPaths } = await import("./lib/malformed");
  rejectMalformedPaths();
  const { limitBodies } = await import("./lib/body-limits");
  limitBodies({ maxBytes: MAX_BODY_BYTES, maxMs: BODY_TIMEOUT_SECONDS * 1000 });
}
