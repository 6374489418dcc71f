import { watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "./program";
import type { Supervisor } from "./supervisor";

/** Editors write a file in several steps. */
const settledAfterMs = 200;

/** Starts a service again when its sources change; a change in `common` is one in each of them. */
export function watchSources(service: string, supervisor: Supervisor, signal: AbortSignal): void {
  let isRestarting = false;
  const restart = async () => {
    if (isRestarting) return;
    isRestarting = true;
    await delay(settledAfterMs);
    if (!signal.aborted) await supervisor.stop();
    isRestarting = false;
    if (!signal.aborted) supervisor.start();
  };
  for (const folder of [service, "common"]) {
    watch(join(root, folder, "src"), { recursive: true, signal }, () => void restart());
  }
}
