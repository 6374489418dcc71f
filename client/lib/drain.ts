import { subscribe } from "node:diagnostics_channel";
import type { Server, ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

declare global {
  /** For `/readyz`, which is bundled apart from this file. */
  var isDraining: boolean | undefined;
}

/** Proxies need a moment to notice that this process is no longer ready. */
const drainPauseMs = 1_500;
/** Above the longest answer; less than a pod's grace time. */
const graceMs = 25_000;

/**
 * On SIGTERM or SIGINT: `/readyz` answers 503, requests under way are answered, and the process exits with 0; with 1
 * after its grace time, or at a second signal. Next itself would wait until proxies give up their idle connections,
 * which takes longer than any grace time; `NEXT_MANUAL_SIG_HANDLE` keeps it from handling signals.
 */
export function drainOnSignal(): void {
  const servers = new Set<Server>();
  const unanswered = new Set<ServerResponse>();
  subscribe("http.server.request.start", (message) => {
    const { server, response } = message as { server: Server; response: ServerResponse };
    servers.add(server);
    unanswered.add(response);
    response.once("close", () => unanswered.delete(response));
    if (globalThis.isDraining) response.setHeader("Connection", "close");
  });

  async function drain(): Promise<void> {
    globalThis.isDraining = true;
    await pause(drainPauseMs);
    setInterval(() => {
      // Not only the idle ones: a connection that never sent a request counts as busy.
      if (unanswered.size === 0) for (const server of servers) server.closeAllConnections();
    }, 50);
    await Promise.all([...servers].map((server) => new Promise((resolve) => server.close(resolve))));
  }

  function onSignal(): void {
    if (globalThis.isDraining) process.exit(1);
    setTimeout(() => {
      process.stderr.write("could not stop in time\n");
      process.exit(1);
    }, graceMs).unref();
    void drain().then(() => process.exit(0));
  }
  if (process.env.NEXT_MANUAL_SIG_HANDLE) process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
}
