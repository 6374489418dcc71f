import { subscribe } from "node:diagnostics_channel";
import type { Server, ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

declare global {
  /** Global, because `/readyz` is bundled separately from this file. */
  var isDraining: boolean | undefined;
}

/** How long proxies may take to notice that this process is not ready. */
const drainPauseMs = 1_500;

/**
 * On SIGTERM or SIGINT, `/readyz` returns 503, requests in flight get their responses, and the process exits with 0; with 1 after
 * the timeout or a second signal. Next itself would wait until proxies close their idle connections, which takes
 * longer than any grace period; `NEXT_MANUAL_SIG_HANDLE` keeps it from handling signals.
 */
export function drainOnSignal({ timeoutMs }: { timeoutMs: number }): void {
  const servers = new Set<Server>();
  const pending = new Set<ServerResponse>();
  subscribe("http.server.request.start", (message) => {
    const { server, response } = message as { server: Server; response: ServerResponse };
    servers.add(server);
    pending.add(response);
    response.once("close", () => pending.delete(response));
    if (globalThis.isDraining) response.setHeader("Connection", "close");
  });

  async function drain(): Promise<void> {
    globalThis.isDraining = true;
    await pause(drainPauseMs);
    setInterval(() => {
      // `closeIdleConnections` would not do: Node counts a connection that has never sent a request as busy.
      if (pending.size === 0) for (const server of servers) server.closeAllConnections();
    }, 50);
    await Promise.all([...servers].map((server) => new Promise((resolve) => server.close(resolve))));
  }

  function onSignal(): void {
    if (globalThis.isDraining) process.exit(1);
    setTimeout(() => {
      process.stderr.write("could not shut down in time\n");
      process.exit(1);
    }, timeoutMs).unref();
    void drain().then(() => process.exit(0));
  }
  if (process.env.NEXT_MANUAL_SIG_HANDLE) process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
}
