import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execute, succeeds } from "./execute";
import { firstThatRuns, firstThatWorks, foldersOnPath, type Search } from "./first-that-works";
import type { Install } from "./install";
import type { Server } from "./known-servers";
import { exclusively } from "./lock";
import { root } from "./program";

export const binFolder = join(root, ".eventhive/bin");

export type Found = { binary: string } | { containerTool: string };

export interface ServerSearch extends Search {
  /** Whether a container is acceptable. False if the caller needs the binary itself. */
  containers?: boolean;
}

/** Finds the server on this machine or installs it. Rejects with a list of all attempts. */
export async function findServer(server: Server, search: ServerSearch = {}): Promise<Found> {
  const { signal, containers = true } = search;
  const { title, binary, download, registry, address, installHint } = server;
  const located = await locate(server);
  if (located) return { binary: located };

  const container = async () => ({ containerTool: await runningContainerTool() });
  return firstThatWorks<Found>(
    {
      title,
      tried: [`${address}: not set`, `${binary} on the PATH or in .eventhive/bin: none that runs`],
      ways: [
        ["its official download", download && (() => install(binary, download, signal))],
        ["Docker or Podman", containers ? container : undefined],
        [registry.what, () => install(binary, registry.install, signal)],
      ],
      installHint: `${installHint}, or set ${address}`,
    },
    search,
  );
}

/** The server's binary on the PATH or in the cache, if it runs. */
export async function locate({ binary }: Server): Promise<string | undefined> {
  return firstThatRuns([...foldersOnPath(), binFolder].map((folder) => join(folder, binary)));
}

/** Docker or a compatible program. */
export async function runningContainerTool(): Promise<string> {
  for (const tool of ["docker", "podman"]) {
    if (await succeeds(tool, ["info"], { timeout: 5_000 })) return tool;
  }
  throw new Error("neither is running");
}

/** Moves a verified binary into the cache atomically. If another process was faster, its binary is used. */
export async function install(
  binary: string,
  getInto: Install,
  signal?: AbortSignal,
  version = ["--version"],
): Promise<{ binary: string }> {
  const installed = join(binFolder, binary);
  await mkdir(binFolder, { recursive: true });
  return exclusively(
    join(binFolder, `.lock-${binary}`),
    async () => {
      if (await firstThatRuns([installed], version)) return { binary: installed };
      const folder = await mkdtemp(join(binFolder, ".new-"));
      try {
        await getInto(folder, signal);
        const fresh = join(folder, binary);
        await chmod(fresh, 0o755);
        await execute(fresh, version);
        await rename(fresh, installed);
        return { binary: installed };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    signal,
  );
}
