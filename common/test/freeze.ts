import { readFile, readdir } from "node:fs/promises";
import { eventually } from "../src/testing/eventually";

/**
 * Freezes a process until it receives SIGCONT: its connections stay open, but it does not respond. Resolves when none of
 * its threads runs.
 */
export async function freeze(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error("a process that does not run cannot be frozen");
  process.kill(pid, "SIGSTOP");
  // On a busy machine, threads still respond after the signal was sent. Only Linux tells the state of each.
  if (process.platform !== "linux") return;
  await eventually(async () => {
    const running = (await threadStates(pid)).filter((state) => state !== "T");
    if (running.length > 0) throw new Error(`${running.length} threads of process ${pid} are still running`);
  });
}

/** One letter each, as in `ps`. */
async function threadStates(pid: number): Promise<string[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, "utf8")),
  );
  return stats.map((stat) => stat.slice(stat.lastIndexOf(")") + 2).charAt(0));
}
