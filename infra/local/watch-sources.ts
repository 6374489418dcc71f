import { watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "./program";
import type { Supervisor } from "./supervisor";

/** Editors write a file in several steps, so changes are debounced. */
const settledAfterMs = 200;

/** Restarts a service when its sources change, and all services when `common` changes. */
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
