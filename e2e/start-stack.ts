import { fork } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromSource } from "../infra/local/from-source";
import { controlFile, dataFolder } from "./data-folder";
import { outgoing } from "./outgoing";
import { raisedLimits } from "./raised-limits";

declare global {
  var stopStack: (() => Promise<void>) | undefined;
}

export default (): Promise<void> => startStack();

/**
 * Starts the stack that all test files share. If `E2E_DATA` is set, data and logs are kept in that folder, and a stack
 * that already runs there is used.
 */
export async function startStack(settings: NodeJS.ProcessEnv = {}): Promise<void> {
  const isOurs = !process.env.E2E_DATA;
  process.env.E2E_DATA ??= mkdtempSync(join(tmpdir(), "eventhive-e2e-"));
  const folder = dataFolder();
  if (existsSync(controlFile())) return;

  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, "runner.log");
  const runner = fork(join(__dirname, "run-stack.ts"), {
    execArgv: fromSource,
    env: { ...environment(), ...settings },
    silent: true,
  });
  process.stdout.write(`with ${JSON.stringify({ ...raisedLimits, ...settings })}\n`);
  const log = createWriteStream(logFile);
  runner.stdout?.pipe(log);
  runner.stderr?.pipe(log);

  const ended = once(runner, "exit");
  await Promise.race([
    once(runner, "message"),
    ended.then(() => {
      throw new Error(`The stack did not start:\n${readFileSync(logFile, "utf8")}`);
    }),
  ]);
  globalThis.stopStack = async () => {
    runner.kill("SIGTERM");
    const [code] = await ended;
    if (code !== 0) throw new Error(`The stack ended with ${code}: see ${logFile}`);
    const requests = outgoing(folder);
    if (requests.length > 0)
      throw new Error(`Processes of the stack sent requests to other machines:\n${requests.join("\n")}`);
    if (!isOurs) return;
    rmSync(folder, { recursive: true });
    delete process.env.E2E_DATA;
  };
}

/** Without the variables of other tests and stacks. */
function environment(): NodeJS.ProcessEnv {
  const { MONGO_URL, REDIS_URL, NATS_URL, PUBLIC_URL, JWT_KEY, LOG_LEVEL, NODE_ENV, ...rest } = process.env;
  return { ...rest, STRIPE_KEY: "", STRIPE_PUBLISHABLE_KEY: "", MAIL: "", SMTP_URL: "" };
}
