const columns = ["times", "complete", "cancelled", "settled", "failed", "refunded"] as const;
type Row = Partial<Record<string, number>>;

/** By fault: how often it occurred, and how the orders and payments that it may have affected ended. */
export type Outcomes = Record<string, Row>;

/** @param ends of an order its status, of a payment its state */
export function addOutcome(outcomes: Outcomes, fault: string, ends: string[]): void {
  const row = (outcomes[fault] ??= {});
  for (const column of ["times", ...ends]) row[column] = (row[column] ?? 0) + 1;
}

/** The sums of these tables, one line for each fault. */
export function outcomeTable(...tables: Outcomes[]): string[] {
  const faults = [...new Set(tables.flatMap((table) => Object.keys(table)))].toSorted();
  const sum = (fault: string, column: string) =>
    tables.reduce((total, table) => total + (table[fault]?.[column] ?? 0), 0);
  const line = (fault: string, cells: (string | number)[]) =>
    `  ${fault.padEnd(53)}${cells.map((cell) => String(cell).padStart(10)).join("")}`;
  return [
    "How orders (complete, cancelled) and payments (settled, failed, refunded) ended during each fault:",
    line("fault", [...columns]),
    ...faults.map((fault) =>
      line(
        fault,
        columns.map((column) => sum(fault, column)),
      ),
    ),
  ];
}
