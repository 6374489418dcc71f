import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const cacheFolder = join(__dirname, "../../.eventhive/bin");

/** Stripe's mock server. It is stateless, and rejects requests that do not match Stripe's OpenAPI description. */
export async function startStripeMock(): Promise<{ url: string; stop: () => void }> {
  const server = spawn(await installedStripeMock(), ["-http-addr", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface(server.stdout)) {
    const address = /Listening for HTTP at address: (\S+)/.exec(line)?.[1];
    if (address) return { url: `http://${address}`, stop: () => void server.kill() };
  }
  throw new Error("stripe-mock ended before it listened");
}

/** The binary on the PATH or in the cache. Otherwise, Go builds it, which takes up to a minute. */
async function installedStripeMock(): Promise<string> {
  const folders = [...(process.env.PATH ?? "").split(delimiter), cacheFolder];
  const found = folders.map((folder) => join(folder, "stripe-mock")).find((file) => existsSync(file));
  if (found) return found;
  await promisify(execFile)("go", ["install", "github.com/stripe/stripe-mock@v0.203.0"], {
    env: { ...process.env, GOBIN: cacheFolder },
  });
  return join(cacheFolder, "stripe-mock");
}
