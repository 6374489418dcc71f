import { get } from "node:http";
import { buffer } from "node:stream/consumers";
import { percentile } from "../e2e/statistics";
import { load, rateOf } from "./load";
import { cpuDuring, sumOf } from "./machine";
import type { Bench, Part } from "./part";
import { type Row, cell } from "./report";

export const frontPage: Part = async (bench) => {
  const { url, ticketId, users } = bench;
  const scripts: Row[] = [];
  for (const [what, path] of [
    ["front page", "/"],
    ["a ticket", `/tickets/${ticketId}`],
    ["sign in", "/auth/signin"],
  ] as const)
    scripts.push({ what, kB: cell(await scriptsOf(url, path)) });
  return {
    "Front page, 16 connections": [
      await measure(bench, { what: "a visitor", cookie: "", aim: "≥ 400/s, p99 ≤ 100 ms" }),
      await measure(bench, { what: "signed in", cookie: users[0]?.cookie, aim: "≥ 200/s" }),
    ],
    "Scripts of a page, compressed": scripts,
  };
};

async function measure(
  { url, size }: Bench,
  { what, cookie, aim }: { what: string; cookie: string | undefined; aim: string },
): Promise<Row> {
  const next = () => ({ path: "/", cookie });
  let sample = await load(url, next, { seconds: size.seconds }); // warm
  const { cpu } = await cpuDuring(async () => {
    sample = await load(url, next, { seconds: 2 * size.seconds });
  });
  const [p50, p99] = [percentile(sample.times, 0.5), percentile(sample.times, 0.99)];
  const pages = sample.times.length;
  return {
    what,
    "/s": cell(rateOf(sample)),
    "p50 ms": cell(p50),
    "p99 ms": cell(p99),
    "CPU ms of client": cell((cpu.client ?? NaN) / pages),
    "CPU ms of all": cell(sumOf(cpu) / pages),
    aim,
  };
}

/** Kilobytes of scripts, compressed, that a browser loads for a page. */
async function scriptsOf(url: string, path: string): Promise<number> {
  const page = await (await fetch(url + path)).text();
  const current = page.replaceAll(/<script[^>]* noModule=[^>]*>/gi, ""); // only old browsers load those
  const scripts = new Set(current.match(/\/_next\/static\/[^"\\]+\.js/g));
  const sizes = await Promise.all([...scripts].map((script) => transferredBytes(url + script)));
  return sizes.reduce((sum, bytes) => sum + bytes, 0) / 1000;
}

/** The compressed size, which fetch does not report. */
function transferredBytes(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "gzip" } }, (response) => {
      buffer(response).then(({ length }) => resolve(length), reject);
    }).once("error", reject);
  });
}
