import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { attempt, commandOf, printed } from "./processes";

/** The first port and how many there are: test runs beside each other have ranges of their own. */
const [first = 20_000, count = 12_000] = process.env.EVENTHIVE_PORTS?.split("+").map(Number) ?? [];

/** Far apart for processes that look at the same time, or two could both find the same port free. */
let next = process.pid * 97;

/**
 * A free port, another one each time, from below the range that systems give to outgoing connections:
 * one of those could otherwise take the port of a process while it is being restarted.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + (next++ % count);
    if (await isFree(port)) return port;
  }
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

/** The process that listens on the port, as "pid 123 (command)", as far as this system lets us see. */
export function portOwner(port: number): string | undefined {
  const pid = process.platform === "linux" ? ownerFromProc(port) : ownerFromLsof(port);
  return pid && `pid ${pid} (${commandOf(Number(pid))?.slice(0, 200) ?? "its command is hidden"})`;
}

/** The kernel's table of sockets gives the inode of the listening one; the links in /proc/PID/fd say whose that is. */
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
