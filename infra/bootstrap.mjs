// Plain JavaScript on purpose: it runs on a fresh clone, before anything is installed.
//   node infra/bootstrap.mjs FILE.ts [arguments]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`EventHive needs Node.js 20.19 or newer; this is ${process.version} (${process.execPath}).`);
  process.exit(1);
}

if (!isInstalled()) await install();

const [, , file, ...rest] = process.argv;
process.argv = [process.execPath, resolve(file), ...rest];
await import("tsx");
await import(pathToFileURL(process.argv[1]).href);

/** npm leaves a copy of the lock file in node_modules when it is done; a broken-off install leaves none. */
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

async function install() {
  console.log("Installing packages (npm ci) …");
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  const child = spawn(command, [...first, "ci", "--include=dev"], { cwd: root, stdio: "inherit" });
  const forward = (signal) => child.kill(signal);
  process.on("SIGTERM", forward).on("SIGINT", forward);
  const [code] = await once(child, "exit");
  process.off("SIGTERM", forward).off("SIGINT", forward);
  if (code !== 0) process.exit(code ?? 1);
}
