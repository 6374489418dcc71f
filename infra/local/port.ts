import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { attempt, commandOf, printed } from "./processes";

/** The first port and the number of ports. Concurrent test runs have separate ranges. */
const [first = 20_000, count = 12_000] = process.env.EVENTHIVE_PORTS?.split("+").map(Number) ?? [];

/** Different for concurrent processes, so that they do not find the same port. */
let next = process.pid * 97;

const reserved = new Set<number>();

/** Keeps a port that this process listens on later, or again, from being returned by `freePort`. */
export const reservePort = (port: number): void => void reserved.add(port);

/**
 * A free port, different at each call, and below the range of ephemeral ports: an outgoing connection could otherwise
 * take the port of a process that is restarting.
 */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < count; tried++) {
    const port = first + (next++ % count);
    if (!reserved.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`None of the ${count} ports from ${first} on is free`);
}

export async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port));
}

async function canListen(port: number, host?: string): Promise<boolean> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

/** The process that listens on the port, as "pid 123 (command)", if it can be determined. */
export function portOwner(port: number): string | undefined {
  const pid = process.platform === "linux" ? ownerFromProc(port) : ownerFromLsof(port);
  return pid && `pid ${pid} (${commandOf(Number(pid))?.slice(0, 200) ?? "its command is hidden"})`;
}

/** Finds the inode of the listening socket in the kernel's table, and its owner by the links in /proc/PID/fd. */
function ownerFromProc(port: number): string | undefined {
  const listening = new RegExp(
    `^ *\\d+: [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, "0")} \\S+ 0A `,
  );
  const sockets = ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap((table) => attempt(() => readFileSync(table, "utf8").split("\n")) ?? [])
    .filter((line) => listening.test(line))
    .map((line) => `socket:[${line.trim().split(/\s+/)[9]}]`);
  return attempt(() => readdirSync("/proc"))?.find((pid) => {
    const files = /^\d+$/.test(pid) ? attempt(() => readdirSync(`/proc/${pid}/fd`)) : undefined;
    return files?.some((file) =>
      sockets.includes(attempt(() => readlinkSync(`/proc/${pid}/fd/${file}`)) ?? ""),
    );
  });
}

function ownerFromLsof(port: number): string | undefined {
  return printed("lsof", ["-nP", "-t", `-iTCP:${port}`, "-sTCP:LISTEN"])?.split("\n")[0];
}
