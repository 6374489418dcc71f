import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chart, type Curve } from "./chart";
import { type PerProcess, sumOf } from "./machine";
import { percentile } from "../e2e/statistics";
import { type Sample, rateOf } from "./load";

export interface Row {
  what: string;
  /** Cells by column. */
  [column: string]: string | number;
}

export interface Results {
  about: Record<string, string | number | undefined>;
  sections: Record<string, Row[]>;
  curves: Curve[];
}

const digits = (value: number) => (Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(0));
export const cell = (value: number): string => (Number.isFinite(value) ? digits(value) : "–");

/** A rate beside that of the bare server in the same interleaved run. */
export function ratioRow(what: string, eventhive: Sample, bare: Sample, aim = ""): Row {
  const times = ({ times: all }: Sample) => [0.5, 0.95, 0.99].map((share) => cell(percentile(all, share)));
  const [cost = NaN, bareCost = NaN] = [eventhive, bare].map(
    ({ cpuMs = NaN, times: all }) => cpuMs / all.length,
  );
  return {
    what,
    "EventHive /s": cell(rateOf(eventhive)),
    "bare /s": cell(rateOf(bare)),
    ratio: cell(rateOf(eventhive) / rateOf(bare)),
    aim,
    "CPU ms of all": cell(cost),
    "bare CPU ms of all": cell(bareCost),
    "CPU ratio": cell(bareCost / cost),
    "EventHive p50 / p95 / p99 ms": times(eventhive).join(" / "),
    "bare p50 / p95 / p99 ms": times(bare).join(" / "),
  };
}

export function perProcessRow(what: string, values: PerProcess, aim = ""): Row {
  const cells = Object.entries(values).map(([name, value]) => [name, cell(value)]);
  return { what, ...Object.fromEntries(cells), sum: cell(sumOf(values)), aim };
}

export const timesRow = (what: string, times: number[], aim = ""): Row => ({
  what,
  "p50 ms": cell(percentile(times, 0.5)),
  "p95 ms": cell(percentile(times, 0.95)),
  "p99 ms": cell(percentile(times, 0.99)),
  aim,
});

/** `results.md`, `.json` and `.svg` in the folder; the first is printed too. */
export function writeResults(folder: string, results: Results): void {
  const { about, sections, curves } = results;
  const text = [
    "# Results of `npm run bench`",
    "",
    "Written by the command; do not edit. Ratios and CPU time hold on a machine that others use too, single times do not.",
    "",
    ...Object.entries(about).map(([name, value]) => `- ${name}: ${value}`),
    ...Object.entries(sections).flatMap(([title, rows]) => ["", `## ${title}`, "", ...table(rows)]),
    "",
    "![Latency against load](results.svg)",
    "",
  ].join("\n");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "results.md"), text);
  writeFileSync(join(folder, "results.json"), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(join(folder, "results.svg"), chart(curves));
  console.log(`\n${text}\nin ${folder}`);
}

function table(rows: Row[]): string[] {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((column) =>
    rows.some((row) => row[column] !== ""),
  );
  const line = (cells: (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map((column) => (column === "what" ? "" : column))),
    line(columns.map((column) => (column === "what" ? "---" : "--:"))),
    ...rows.map((row) => line(columns.map((column) => row[column] ?? ""))),
  ];
}
