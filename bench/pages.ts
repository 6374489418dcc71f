import { randomUUID } from "node:crypto";
import { get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { createConnection } from "mongoose";
import { Client, bodyOf } from "../e2e/client";
import type { Stack } from "../infra/local/stack";
import { report, withStack } from "./with-stack";

const warmUpRounds = 100;
const rounds = 200;
const sellersAtOnce = 16;

/** What the pages weigh, and whether the front page gets slower when there is more to list. */
async function measure({ url, servers }: Stack): Promise<void> {
  const connection = await createConnection(servers.mongo).asPromise();
  const replicas = connection.useDb("orders").collection("tickets");
  const seller = new Client(url);
  await bodyOf(seller.signUp({ email: `${randomUUID()}@example.com`, password: "correct horse" }));
  const { id } = await bodyOf(seller.sell("Benchmark", 20));

  console.log("\nscripts of a page, compressed".padEnd(52), "kB".padStart(8));
  for (const path of ["/", `/tickets/${id}`, "/auth/signin"]) await weigh(url, path);

  console.log(
    `\nfront page, ${rounds} rounds, ms to the first byte`.padEnd(52),
    "p50".padStart(8),
    "p99".padStart(8),
  );
  let onSale = 1;
  for (const wanted of [50, 10_000]) {
    await sell(seller, wanted - onSale);
    onSale = wanted;
    while ((await replicas.countDocuments()) < onSale) await pause(100); // until all is quiet
    report(`${wanted} tickets on sale`, await timesOf(url));
  }
  await connection.close();
}

async function weigh(url: string, path: string): Promise<void> {
  const page = await (await fetch(url + path)).text();
  const forToday = page.replaceAll(/<script[^>]* noModule=[^>]*>/gi, ""); // no browser of today loads the others
  const scripts = new Set(forToday.match(/\/_next\/static\/[^"\\]+\.js/g));
  const sizes = await Promise.all([...scripts].map(async (script) => (await ask(url + script)).bytes));
  const kilobytes = sizes.reduce((sum, bytes) => sum + bytes, 0) / 1000;
  console.log(path.padEnd(51), kilobytes.toFixed(1).padStart(8));
}

async function sell(seller: Client, count: number): Promise<void> {
  let left = count;
  const sellSome = async () => {
    while (left-- > 0) await bodyOf(seller.sell(`Benchmark ${left}`, 20));
  };
  await Promise.all(Array.from({ length: sellersAtOnce }, sellSome));
}

async function timesOf(url: string): Promise<number[]> {
  const times: number[] = [];
  for (let round = -warmUpRounds; round < rounds; round++) {
    const { firstByteMs } = await ask(url);
    if (round >= 0) times.push(firstByteMs);
  }
  return times;
}

/** As a browser asks: `bytes` counts what comes over the wire. */
function ask(url: string): Promise<{ firstByteMs: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const request = get(url, { headers: { "accept-encoding": "gzip" } }, (response) => {
      let firstByteMs = NaN;
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = performance.now() - start;
        bytes += chunk.length;
      });
      response.once("end", () => resolve({ firstByteMs, bytes }));
    });
    request.once("error", reject);
  });
}

void withStack(measure);
