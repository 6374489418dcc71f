import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import request from "supertest";
import { fromSource } from "../local/from-source";

let folder: string;
let running: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sandbox-"));
});

afterEach(() => {
  running?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** Runs the program as the runner does. Resolves with its address once it is ready. */
async function start(): Promise<string> {
  running = spawn(process.execPath, [...fromSource, join(__dirname, "index.ts")], {
    env: { ...process.env, PORT: "0", SANDBOX_DATA: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (running.stdout)
    for await (const line of createInterface(running.stdout)) {
      const url = /http:\S+/.exec(line)?.[0];
      if (url) return url;
    }
  throw new Error("The sandbox ended before it listened");
}

async function stop(signal: NodeJS.Signals): Promise<number | null> {
  if (!running) throw new Error("Nothing runs");
  const ended = once(running, "exit");
  running.kill(signal);
  const [code] = await ended;
  return code;
}

const post = (url: string, path: string, body: object) =>
  request(url)
    .post(path)
    .type("form")
    .set("Authorization", "Bearer sk_test_1")
    .set("Idempotency-Key", path)
    .send(body);

const card = { card: { number: "4242424242424242", exp_month: "12", exp_year: "2040" } };

it("loses no acknowledged change when it is killed, even with a truncated line in its ledger", async () => {
  const first = await start();
  const { id: source } = (await post(first, "/v1/tokens", card).expect(200)).body;
  const charge = { amount: "1999", currency: "usd", source, metadata: { orderId: "o1" } };
  const charged = (await post(first, "/v1/charges", charge).expect(200)).body;
  await stop("SIGKILL");
  appendFileSync(join(folder, "ledger.jsonl"), '{"charge":{"id":"ch_half');

  const second = await start();
  const repeated = await post(second, "/v1/charges", charge).expect(200);
  expect(repeated.get("Idempotent-Replayed")).toBe("true");
  expect(repeated.body).toEqual(charged);
  const again = await post(second, "/v1/charges", charge).set("Idempotency-Key", "another").expect(400);
  expect(again.body.error.code).toBe("token_already_used");
  const refund = (await post(second, "/v1/refunds", { charge: charged.id }).expect(200)).body;
  await stop("SIGKILL");

  const { body } = await request(await start())
    .get("/sandbox/ledger")
    .expect(200);
  expect(body).toEqual({
    charges: [{ ...charged, amount_refunded: 1999, refunded: true }],
    refunds: [refund],
    intents: [],
  });
});

it.each(["SIGTERM", "SIGINT"] as const)("exits with 0 on %s", async (signal) => {
  const url = await start();
  await request(url).get("/readyz").expect(200);
  expect(await stop(signal)).toBe(0);
});
