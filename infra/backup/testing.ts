import { execFile, spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse, request as sendTo } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../common/src/testing/eventually";
import { execute } from "../local/execute";
import { fromGo } from "../local/install";
import { freePort, isFree } from "../local/port";

/** Compiles the program and an S3 server into a folder; Go caches unchanged builds. */
export async function build(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "backup-"));
  const env = { ...process.env, CGO_ENABLED: "0" };
  await execute("go", ["build", "-trimpath", "-o", join(folder, "backup"), "."], { cwd: __dirname, env });
  await fromGo("github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0")(folder);
  return folder;
}

export interface Bucket {
  url: string;
  stop: () => void;
}

/** An S3-compatible server in memory with one bucket, which accepts every key. */
export async function startBucket(program: string): Promise<Bucket> {
  const port = await freePort();
  const flags = ["-host", `127.0.0.1:${port}`, "-backend", "memory", "-initialbucket", "backups"];
  const child = spawn(program, flags, { stdio: "ignore" });
  await eventually(
    async () => {
      if (await isFree(port)) throw new Error("gofakes3 does not listen");
    },
    { withinSeconds: 30 },
  );
  return { url: `http://127.0.0.1:${port}/backups`, stop: () => void child.kill() };
}

/** Forwards a request to the server of a URL, and its response to the client. */
export function forward(request: IncomingMessage, response: ServerResponse, url: string): void {
  const { method, headers } = request;
  const forwarded = sendTo(new URL(request.url ?? "/", url), { method, headers }, (received) => {
    response.writeHead(received.statusCode ?? 502, received.headers);
    received.pipe(response);
  });
  forwarded.on("error", (error) => response.destroy(error));
  request.pipe(forwarded);
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Resolves with the outcome of a command, whether it succeeds or fails. */
export function outcomeOf(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(command, args, { env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
  });
}
