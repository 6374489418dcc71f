import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type Server, type Socket, connect, createServer } from "node:net";
import { join } from "node:path";
import { Transform } from "node:stream";
import { fromSource } from "../../infra/local/from-source";
import { freePort } from "../../infra/local/port";
import { eventually } from "../src/testing/eventually";

const processes: ChildProcess[] = [];
const proxies: BlockableProxy[] = [];

// What a failed test leaves open would keep the test run from ending.
afterAll(() => Promise.all(proxies.map((proxy) => proxy.shut())));

/** Kills processes left by a test. */
export async function endProcesses(): Promise<void> {
  for (const child of processes) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

/** Runs a service in its own process: the sample service, unless `file` is given. */
export function run({
  file = join(__dirname, "sample-service.ts"),
  args = [],
  environment = {},
}: {
  file?: string;
  args?: string[];
  environment?: object;
}) {
  const child = spawn(process.execPath, [...fromSource, file, ...args], {
    cwd: __dirname,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  processes.push(child);
  let printed = "";
  child.stdout.on("data", (text) => (printed += text));
  return {
    pid: child.pid,
    printed: () => printed,
    ended: once(child, "close").then(([code]) => code),
    signal: (name: NodeJS.Signals) => child.kill(name),
  };
}

/** What a service needs: a database of its own, and a broker that is not running. */
export async function testEnvironment() {
  const [port, brokerPort] = await Promise.all([freePort(), freePort()]);
  const environment = {
    PORT: String(port),
    LISTEN_ADDRESS: "127.0.0.1",
    MONGO_URL: `${process.env.TEST_MONGO_URL}/test-${randomUUID()}`,
    NATS_URL: `nats://127.0.0.1:${brokerPort}`,
    JWT_KEY: "only-for-tests-only-for-tests-only-for-tests",
    PUBLIC_URL: "http://localhost:3000",
  };
  const send = async (path: string, method = "GET", cookie = "") => {
    const headers = { Connection: "close", Origin: environment.PUBLIC_URL, Cookie: cookie };
    const res = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
    return { status: res.status, body: await res.json(), retryAfter: res.headers.get("Retry-After") };
  };
  const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return { port, environment, send, metrics };
}

/**
 * Runs a service until `check` no longer throws, and shuts it down gracefully. A stop ends sweeps between two documents, so
 * the test checks for what they should have done.
 */
export async function runOnce(
  file: string,
  own: object,
  check: (port: number) => void | Promise<void>,
): Promise<void> {
  const { port, environment, send } = await testEnvironment();
  const service = run({ file, environment: { ...environment, ...own } });
  await eventually(async () => expect((await send("/readyz")).status).toBe(200));
  await eventually(() => check(port));
  service.signal("SIGTERM");
  expect(await service.ended).toBe(0);
}

/** A TCP proxy in front of the database, which can be blocked. */
export class BlockableProxy {
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();

  constructor(
    readonly port: number,
    private readonly target: number,
    private readonly change: (sent: Buffer) => Buffer = (sent) => sent,
  ) {
    proxies.push(this);
  }

  async open(): Promise<void> {
    this.server = createServer((socket) => {
      const beyond = connect(this.target, "127.0.0.1");
      for (const end of [socket, beyond]) {
        this.sockets.add(end);
        end.on("error", () => {}).on("close", () => [socket, beyond].forEach((each) => each.destroy()));
      }
      const changed = new Transform({ transform: (sent, _, done) => done(null, this.change(sent)) });
      socket.pipe(changed).pipe(beyond).pipe(socket);
    }).listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
  }

  /** Refuses new connections, and keeps those that are open. */
  refuse(): void {
    this.server?.close();
  }

  async shut(): Promise<void> {
    this.refuse();
    for (const socket of this.sockets) socket.destroy();
    if (this.server?.listening) await once(this.server, "close");
  }
}
