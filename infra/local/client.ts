import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../../client/fingerprint";
import { attempt } from "./processes";
import { root } from "./program";

// The pages: a Next.js app with its own build and settings, run like the services.

const next = join(root, "node_modules/next/dist/bin/next");
const folder = join(root, "client");
const server = join(folder, ".next/standalone/client");
/** Contains the fingerprint of the built sources. A manual build removes it, because it lacks the static files. */
const mark = join(server, "made-of");

/** Next.js sets these variables itself. */
const forNext = { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: undefined };

export function clientCommand(dev: boolean): string[] {
  if (dev) return [process.execPath, next, "dev", "client", "--hostname", "127.0.0.1"];
  return [process.execPath, join(server, "server.js")];
}

/** The pages call the services like a browser, without secrets. */
export function clientEnvironment(
  shared: NodeJS.ProcessEnv,
  gateway: string,
  dev: boolean,
): NodeJS.ProcessEnv {
  return {
    ...shared,
    ...forNext,
    AUTH_URL: gateway,
    TICKETS_URL: gateway,
    ORDERS_URL: gateway,
    PAYMENTS_URL: gateway,
    HOSTNAME: "127.0.0.1",
    KEEP_ALIVE_TIMEOUT: "95000", // as in its image: longer than that of the gateway
    NEXT_MANUAL_SIG_HANDLE: dev ? undefined : "1", // as in its image: the client's lib/drain.ts handles signals
    MONGO_URL: undefined,
    REDIS_URL: undefined,
    NATS_URL: undefined,
    JWT_KEY: undefined,
    JWT_PREVIOUS_KEY: undefined,
    STRIPE_KEY: undefined,
    STRIPE_WEBHOOK_SECRET: undefined,
    STRIPE_WEBHOOK_SECRET_PREVIOUS: undefined,
    SMTP_URL: undefined,
  };
}

/** Builds the pages if their sources have changed, with static files next to the server. */
export async function buildClient(print: (line: string) => void, signal?: AbortSignal): Promise<void> {
  const madeOf = fingerprint();
  if (attempt(() => readFileSync(mark, "utf8")) === madeOf) return;

  print("Building the pages…");
  rmSync(mark, { force: true }); // before Next.js removes the old build
  const child = spawn(process.execPath, [next, "build", "client"], {
    cwd: root,
    env: { ...process.env, ...forNext },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (printed += text));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${printed}\nThe pages do not build: see above.`);

  for (const files of [".next/static", "public"]) {
    const from = join(folder, files);
    if (existsSync(from)) cpSync(from, join(server, files), { recursive: true });
  }
  writeFileSync(mark, madeOf);
}
