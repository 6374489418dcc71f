import { succeeds } from "./execute";
import { locateBrowser } from "./find-browser";
import { locate, runningContainerTool } from "./find-server";
import { brokerOf, mongo, redis, type Server } from "./known-servers";
import { isFree, portOwner } from "./port";

interface Finding {
  what: string;
  isFine: boolean;
  note: string;
}

void examine();

async function examine(): Promise<void> {
  const container = await runningContainerTool().catch(() => undefined);
  const servers = await Promise.all(
    [mongo, redis, brokerOf(process.env)].map((server) => examineServer(server, container)),
  );
  const findings = [nodeVersion(), ...servers, await examineBrowser(), await examinePort()];
  for (const { what, isFine, note } of findings)
    console.log(`${isFine ? "✓" : "✗"} ${what.padEnd(16)} ${note}`);
  if (findings.some(({ isFine }) => !isFine)) process.exitCode = 1;
}

/** The bootstrap has already found or installed a suitable Node.js, and installed the packages. */
function nodeVersion(): Finding {
  return {
    what: "Node.js",
    isFine: true,
    note: `${process.version} at ${process.execPath}, with the packages of package-lock.json`,
  };
}

async function examineServer(server: Server, container?: string): Promise<Finding> {
  const { title: what, address, registry, installHint } = server;
  const given = process.env[address];
  if (given) return { what, isFine: true, note: `external, at ${given}` };
  const path = await locate(server);
  if (path) return { what, isFine: true, note: path };
  if (container)
    return { what, isFine: true, note: `npm start runs it with ${container}, if it cannot download it` };
  if (await succeeds(...registry.check))
    return { what, isFine: true, note: `npm start installs it, if necessary from ${registry.what}` };
  return {
    what,
    isFine: false,
    note: `missing, unless npm start can download it. To fix it: ${installHint}, or set ${address}`,
  };
}

async function examineBrowser(): Promise<Finding> {
  const path = await locateBrowser();
  const note = path ?? "not found; npm run test:browser installs one, and nothing else needs it";
  return { what: "Chromium", isFine: true, note };
}

async function examinePort(): Promise<Finding> {
  const port = Number(process.env.PORT || 3000);
  if (await isFree(port)) return { what: `Port ${port}`, isFine: true, note: "free" };
  return {
    what: `Port ${port}`,
    isFine: false,
    note: `taken by ${portOwner(port) ?? "another program"}: set PORT=…`,
  };
}
