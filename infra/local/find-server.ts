import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execute, reasonOf, succeeds } from "./execute";
import type { Install } from "./install";
import type { Server } from "./known-servers";
import { root } from "./program";

const binFolder = join(root, ".eventhive/bin");

export type Found = { binary: string } | { containerTool: string };

export interface Search {
  say?: (line: string) => void;
  signal?: AbortSignal;
  /** Whether a container will do: not for who needs the binary itself. */
  containers?: boolean;
}

/** Finds the server on this machine or installs it; rejects naming everything that was tried. */
export async function findServer(server: Server, search: Search = {}): Promise<Found> {
  const { say, signal, containers = true } = search;
  const { title, binary, download, registry, address, mend } = server;
  const located = await locate(server);
  if (located) return { binary: located };

  const ways: [string, (() => Promise<Found>) | undefined][] = [
    ["its official download", download && (() => install(binary, download, signal))],
    [
      "Docker or Podman",
      containers ? async () => ({ containerTool: await runningContainerTool() }) : undefined,
    ],
    [registry.what, () => install(binary, registry.install, signal)],
  ];
  const tried = [`${address}: not set`, `${binary} on the PATH or in .eventhive/bin: none that runs`];
  for (const [name, get] of ways) {
    if (!get) continue;
    say?.(`Getting ${title} from ${name} …`);
    try {
      return await get();
    } catch (error) {
      signal?.throwIfAborted();
      tried.push(`${name}: ${reasonOf(error)}`);
    }
  }
  throw new Error(
    [`${title} is needed. Tried:`, ...tried, `To mend it: ${mend}, or set ${address}.`].join("\n  "),
  );
}

/** The server's binary on the PATH or in the cache, if it runs. */
export async function locate({ binary }: Server): Promise<string | undefined> {
  for (const folder of [...(process.env.PATH?.split(delimiter) ?? []), binFolder]) {
    const path = join(folder, binary);
    if (existsSync(path) && (await succeeds(path, ["--version"]))) return path;
  }
  return undefined;
}

/** Docker, or what stands in for it. */
export async function runningContainerTool(): Promise<string> {
  for (const tool of ["docker", "podman"]) {
    if (await succeeds(tool, ["info"], { timeout: 5_000 })) return tool;
  }
  throw new Error("neither is running");
}

/** Into the cache in one step, and only what was seen to run. */
async function install(binary: string, getInto: Install, signal?: AbortSignal): Promise<Found> {
  await mkdir(binFolder, { recursive: true });
  const folder = await mkdtemp(join(binFolder, ".new-"));
  try {
    await getInto(folder, signal);
    const fresh = join(folder, binary);
    await chmod(fresh, 0o755);
    await execute(fresh, ["--version"]);
    await rename(fresh, join(binFolder, binary));
    return { binary: join(binFolder, binary) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
