import { spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";

const server = `
  const { createServer } = require("node:http");
  const { drainOnSignal } = require(${JSON.stringify(join(__dirname, "drain.ts"))});
  drainOnSignal({ timeoutMs: Number(process.env.TIMEOUT_MS) });
  const server = createServer((req, res) => {
    if (req.url === "/never") res.write("waiting");
    else if (req.url === "/slow") process.once("SIGTERM", () => setTimeout(() => res.end("slow"), 2000));
    else res.end("fast");
    if (req.url === "/slow") process.stdout.write("started\\n");
  });
  server.keepAliveTimeout = 95_000;
  server.listen(0, "127.0.0.1", () => process.stdout.write(server.address().port + "\\n"));
`;

it("completes requests in flight, then closes all connections", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", "-e", server], {
    env: { ...process.env, NEXT_MANUAL_SIG_HANDLE: "1", TIMEOUT_MS: "25000" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  try {
    const port = Number(String(await once(child.stdout, "data")));
    const silent = connect(port, "127.0.0.1"); // it never sends a request
    await once(silent, "connect");
    const slow = request({ port, host: "127.0.0.1", path: "/slow" }).end();
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    const [response]: IncomingMessage[] = await once(slow, "response");
    expect(response?.statusCode).toBe(200);
    expect(await ended).toEqual([0, null]);
    silent.destroy();
  } finally {
    child.kill("SIGKILL");
  }
});

it("ends with 1 when a request keeps it from stopping in time", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", "-e", server], {
    env: { ...process.env, NEXT_MANUAL_SIG_HANDLE: "1", TIMEOUT_MS: "3000" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  try {
    const port = Number(String(await once(child.stdout, "data")));
    const sent = request({ port, host: "127.0.0.1", path: "/never" }).end();
    const [response]: IncomingMessage[] = await once(sent, "response");
    const cut = new Promise((resolve) => response?.once("error", resolve));
    child.kill("SIGTERM");
    expect(String(await once(child.stderr, "data"))).toBe("could not shut down in time\n");
    expect(await ended).toEqual([1, null]);
    await cut;
  } finally {
    child.kill("SIGKILL");
  }
});
