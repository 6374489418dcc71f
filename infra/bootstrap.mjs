// Plain JavaScript, because it runs on a fresh clone, before anything is installed.
//   node infra/bootstrap.mjs [FILE [arguments]]
// Installs the packages and a Node.js if necessary, then runs the file on that Node.js.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { delimiter, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findNode, linkNode, npm } from "./find-node.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const [major, minor] = process.version.slice(1).split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `EventHive needs Node.js 20.19 or newer to start; this is ${process.version} (${process.execPath}).`,
  );
  process.exit(1);
}

const node = await findNode().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
if (!isInstalled()) await installPackages();
linkNode(node);

const [, , file, ...rest] = process.argv;
if (file && node !== process.execPath) {
  const bin = resolve(root, "node_modules/.bin");
  process.exit(
    await run(node, [...process.execArgv, ...process.argv.slice(1)], {
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
    }),
  );
}
if (file) {
  process.argv = [process.execPath, resolve(file), ...rest];
  const require = createRequire(import.meta.url);
  if (file.endsWith(".ts")) require("tsx/cjs");
  require(process.argv[1]);
}

/** npm writes a copy of the lock file to node_modules at the end of an install, but not if it was interrupted. */
function isInstalled() {
  const done = resolve(root, "node_modules/.package-lock.json");
  if (!existsSync(done)) return false;
  const installed = JSON.parse(readFileSync(done, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(resolve(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === "" || optional || (path in installed && installed[path].version === version),
  );
}

async function installPackages() {
  console.error("Installing packages (npm ci) …");
  const { command, parameters } = npm("ci", "--include=dev");
  const code = await run(command, parameters, { cwd: root });
  if (code !== 0) process.exit(code);
}

/** Resolves with its exit code, as a shell reports it. */
async function run(command, parameters, options) {
  const child = spawn(command, parameters, { ...options, stdio: "inherit" });
  const forward = (signal) => child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  const [code, signal] = await once(child, "exit");
  for (const signal of signals) process.off(signal, forward);
  return code ?? 128 + constants.signals[signal];
}
