import { Agent, get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { newId } from "../common/src/testing/ids";
import { load } from "./load";
import { cpuDuring, memoryMiB, untilIdle } from "./machine";
import type { Bench, Part } from "./part";
import { type Row, cell } from "./report";
import { createBy } from "./requests";
import { roundRobin } from "./sign-up";

const idleMs = 20_000; // longer than the interval of heartbeats

/** How long live pages take to open, what they cost while nothing happens, and whether a new ticket appears on them. */
export const livePages: Part = async (bench) => {
  const rows: Row[] = [];
  const shown = await firstPage(bench);
  for (const count of bench.size.livePages) {
    rows.push(await measure(bench, `${count} pages of one view`, count, () => shown));
    await untilIdle();
    rows.push(
      await measure(bench, `${count} pages, each of its own view`, count, () => [...shown.slice(1), newId()]),
    );
    await untilIdle();
  }
  return { "Live pages of the list": rows };
};

/** The ids of the tickets that the front page shows. */
async function firstPage({ url }: Bench): Promise<string[]> {
  const response = await fetch(`${url}/api/tickets?limit=24`);
  const tickets = (await response.json()) as { id: string }[];
  return tickets.map(({ id }) => id);
}

/** @param idsOf the tickets on a page; pages of the same tickets share a view, and its cost */
async function measure(bench: Bench, what: string, count: number, idsOf: () => string[]): Promise<Row> {
  const agent = new Agent({ maxSockets: Infinity });
  const pages = { opened: 0, showing: 0 };
  const title = `Live on ${what}`;
  const openPage = () => {
    const headers = { accept: "text/event-stream" };
    const path = `/api/tickets/stream?ids=${idsOf().join()}&added=true`;
    const stream = get(bench.url + path, { agent, headers });
    stream.on("error", () => undefined); // it is missing in the counts
    stream.once("response", (response) => {
      const received = { something: false, title: false };
      response.setEncoding("utf8").on("data", (text: string) => {
        if (!received.something && response.statusCode === 200) pages.opened++;
        if (!received.title && text.includes(title)) pages.showing++;
        received.something = true;
        received.title ||= text.includes(title);
      });
      response.on("error", () => undefined);
    });
    return stream;
  };

  const memoryBefore = memoryMiB();
  const startedAt = performance.now();
  const streams = Array.from({ length: count }, openPage);
  await until(() => pages.opened === count, 60_000);
  const openSeconds = (performance.now() - startedAt) / 1000;
  await untilIdle();
  const { cpu, elapsedMs } = await cpuDuring(() => pause(idleMs));
  const growth = (memoryMiB().tickets ?? NaN) - (memoryBefore.tickets ?? NaN);

  const titles = [title];
  const seller = roundRobin(bench.users)();
  await load(bench.url, () => titles.splice(0).map((each) => createBy(seller, each))[0], { connections: 1 });
  const createdAt = performance.now();
  await until(() => pages.showing === pages.opened, 5_000);
  const shownSeconds = (performance.now() - createdAt) / 1000;
  for (const stream of streams) stream.destroy();
  agent.destroy();
  const share = (name: string) => cell(((cpu[name] ?? NaN) / elapsedMs) * 100);
  return {
    what,
    opened: pages.opened,
    "in s": cell(openSeconds),
    "tickets, % of a core": share("tickets"),
    "mongo, % of a core": share("mongo"),
    "tickets grows by MiB": cell(growth),
    "a new ticket is on": pages.showing,
    "after s": cell(shownSeconds),
    aim: count === 2_000 ? "in ≤ 2 s, ≤ 3%, ≤ 60 MiB, on all after ≤ 1 s" : "",
  };
}

async function until(isTrue: () => boolean, maxMs: number): Promise<void> {
  const end = performance.now() + maxMs;
  while (!isTrue() && performance.now() < end) await pause(10);
}
