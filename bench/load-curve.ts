import { percentile } from "../e2e/statistics";
import type { Part } from "./part";
import { cell } from "./report";
import { create, list, measurePair } from "./requests";

/** Latency at several numbers of connections, for the chart. */
export const loadCurve: Part = async (bench, curves) => {
  for (const pair of [list, create(bench)]) {
    const both = [`${pair.what}, EventHive`, `${pair.what}, bare`].map((name) => ({ name, points: [] }));
    curves.push(...both);
    const own = curves.slice(-2);
    for (const connections of bench.size.connections) {
      const samples = await measurePair(bench, pair, { connections, rounds: 1 });
      for (const [index, { times }] of samples.entries())
        own[index]?.points.push({ connections, p50: percentile(times, 0.5), p99: percentile(times, 0.99) });
    }
  }
  const rows = curves.map(({ name, points }) => ({
    what: name,
    ...Object.fromEntries(points.map(({ connections, p99 }) => [`${connections} at once`, cell(p99)])),
  }));
  return { "p99 ms at a number of connections": rows };
};
