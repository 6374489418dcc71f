import { readFileSync } from "node:fs";
import { join } from "node:path";

const patches = join(__dirname, "../../infra/k8s/base/patches");

/** The memory limit that a patch of the manifests gives to a container, in MiB. */
export function memoryLimitMiB(patch: "service.yaml" | "more-memory.yaml"): number {
  const text = readFileSync(join(patches, patch), "utf8");
  return Number(/limits: { memory: (\d+)Mi }/.exec(text)?.[1]);
}

/** The resident memory of a process in MiB, now or at most so far. */
export const usedMiB = (pid: number | undefined): number => statusOf(pid, "VmRSS");
export const peakMiB = (pid: number | undefined): number => statusOf(pid, "VmHWM");

const statusOf = (pid: number | undefined, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) /
  1024;
