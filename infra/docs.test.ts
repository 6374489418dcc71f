import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "./local/program";

const notOurs = new Set([".eventhive", ".git", ".next", "dist", "node_modules"]);

function markdownFiles(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

describe("links", () => {
  /** Without code, which may contain text that looks like a link. */
  const proseOf = (path: string): string =>
    readFileSync(path, "utf8")
      .replace(/^ *```[\s\S]*?^ *```$/gm, "")
      .replace(/`[^`\n]+`/g, "`code`");

  const linksIn = (path: string): string[] => {
    const links = proseOf(path).matchAll(/\]\(([^()\s]*)\)|^\[[^\]]+\]: (\S+)|\b(?:src|href)="([^"]*)"/gm);
    return Array.from(links, ([, inline, reference, html]) => inline ?? reference ?? html ?? "");
  };

  /** As GitHub derives them from headings. */
  function anchorsOf(path: string): Set<string> {
    const text = readFileSync(path, "utf8").replace(/^ *```[\s\S]*?^ *```$/gm, "");
    const anchors = new Set<string>();
    for (const [, heading = ""] of text.matchAll(/^#+ (.+)$/gm)) {
      const words = heading.toLowerCase().replace(/[^\p{L}\p{M}\p{N} _-]/gu, "");
      const anchor = words.replaceAll(" ", "-");
      let unique = anchor;
      for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
      anchors.add(unique);
    }
    return anchors;
  }

  function isBroken(from: string, link: string): boolean {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? from : join(dirname(from), decodeURIComponent(path));
    if (!existsSync(target)) return true;
    return anchor !== undefined && !(target.endsWith(".md") && anchorsOf(target).has(anchor));
  }

  it("lead to files and headings that exist, in every document", () => {
    const links = markdownFiles().flatMap((path) => linksIn(path).map((link) => ({ path, link })));
    const local = links.filter(({ link }) => !/^[a-z]+:/.test(link));
    const broken = local.filter(({ path, link }) => isBroken(path, link));
    expect(broken.map(({ path, link }) => `${relative(root, path)}: ${link}`)).toEqual([]);
    expect(local.map(({ link }) => link)).toContain("docs/decisions/README.md"); // otherwise, no links were found
  });
});

it("client/README.md lists the routes of the client that accept a POST", () => {
  const routes = readdirSync(join(root, "client/app"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("/route.ts"))
    .filter((path) =>
      /^export (async )?(function|const) POST\b/m.test(readFileSync(join(root, "client/app", path), "utf8")),
    )
    .map((path) => `/${dirname(path)}`);
  const listed = readFileSync(join(root, "client/README.md"), "utf8").matchAll(/`POST (\/[\w/-]+)`/g);
  expect(Array.from(listed, ([, path = ""]) => path).toSorted()).toEqual(routes.toSorted());
});

describe("docs/security.md", () => {
  const document = readFileSync(join(root, "docs/security.md"), "utf8");
  const tests = Array.from(
    document.matchAll(/"([^"|]+)"(?: and "([^"|]+)")? in \[[^\]]+\]\(\.\.\/([^)]+)\)/g),
    ([, ...names]) => ({ file: String(names.pop()), titles: names.filter(Boolean) }),
  );

  it("names tests that exist", () => {
    expect(tests.length).toBeGreaterThan(20);
    const missing = tests.flatMap(({ file, titles }) => {
      const source = readFileSync(join(root, file), "utf8");
      return titles.filter((title) => !source.includes(`"${title}"`)).map((title) => `${file}: ${title}`);
    });
    expect(missing).toEqual([]);
  });

  it.each(Array.from({ length: 10 }, (_, index) => `API${index + 1}`))("has a test for %s", (risk) => {
    expect(document).toMatch(new RegExp(`^\\| ${risk} .*" in \\[`, "m"));
  });

  it.each([
    "hashed by scrypt",
    "constant time",
    "unknown email",
    "throttled",
    "limited to 10 kB",
    "connections are closed",
    "audience, expiry and key of a token",
    "can be rotated",
    "HttpOnly",
    "other origins",
    "object's owner",
    "undescribed fields",
    "security headers",
    "nonce",
    "ten live reservations",
    "Logs",
    "untrusted input",
    "banned user's sessions",
    "ends all other sessions",
    "deleted account",
    "role",
  ])("has a test for the guard: %s", (guard) => {
    expect(document).toMatch(new RegExp(`^\\| [^|]*(\\|[^|]*)?${guard}.*" in \\[`, "m"));
  });
});

describe("docs/scaling.md", () => {
  type Costs = Record<string, Record<string, number>>;

  /** The sums of the cells of each service, by column. */
  function costsOf(rows: string[], columns: string[]): Costs {
    const costs: Costs = {};
    for (const row of rows) {
      const [service = "", ...cells] = row.split("|").map((cell) => cell.trim());
      const sums = (costs[service] ??= {});
      for (const [index, column] of columns.entries())
        sums[column] = (sums[column] ?? 0) + Number(cells[index]);
    }
    return costs;
  }

  const rowsOf = (path: string, pattern: RegExp): string[] =>
    Array.from(readFileSync(join(root, path), "utf8").matchAll(pattern), ([, row = ""]) => row);

  it("sums up what a sale costs by the table in ARCHITECTURE.md", () => {
    const columns = ["reads", "journaled writes", "other writes", "published", "delivered"];
    const header = `| ${columns.join(" | ")} |`;
    expect(rowsOf("ARCHITECTURE.md", /^\| unit \| service (.*)$/gm)).toEqual([header]);
    expect(rowsOf("docs/scaling.md", /^\| service (.*)$/gm)).toEqual([header]);

    const units = rowsOf("ARCHITECTURE.md", /^\| (?:create|order|pay with intent) \| (\w+ \|[ \d|]+)\|$/gm);
    const sale = rowsOf("docs/scaling.md", /^\| (\w+ \|(?: \d+ \|){4} \d+ )\|$/gm);
    expect(sale).toHaveLength(4);
    expect(costsOf(sale, columns)).toEqual(costsOf(units, columns));

    const sum = (column: string) =>
      Object.values(costsOf(units, columns)).reduce((total, cost) => total + (cost[column] ?? 0), 0);
    expect(readFileSync(join(root, "docs/scaling.md"), "utf8")).toContain(
      `${sum("published")} events, ${sum("delivered")} deliveries`,
    );
  });

  it("has the CPU times of the bench's results", () => {
    const [names = ""] = rowsOf("docs/scaling.md", /^\| CPU ms per sale \|(.*) \|$/gm);
    const [times = ""] = rowsOf("docs/scaling.md", /^\| measured \|(.*) \|$/gm);
    const { sections } = JSON.parse(readFileSync(join(root, "bench/results.json"), "utf8"));
    const table = Object.keys(sections).find((title) => title.startsWith("CPU ms of each process")) ?? "";
    const units = sections[table].filter(({ what }: { what: string }) =>
      /^(create|order|PaymentIntent)/.test(what),
    );
    expect(units).toHaveLength(3);
    const cells = (row: string) => row.split("|").map((cell) => cell.trim());
    const measured = cells(names).map((name) =>
      units.reduce((sum: number, unit: Record<string, string>) => sum + Number(unit[name]), 0).toFixed(1),
    );
    expect(cells(times)).toEqual(measured);
  });
});

describe("decision records", () => {
  const folder = join(root, "docs/decisions");
  const names = readdirSync(folder)
    .filter((name) => name !== "README.md" && !name.startsWith("draft-"))
    .toSorted();
  const records = names.map((name) => ({ name, ...read(join(folder, name)) }));

  const link = /\[(\d{4})\]\(\1-[\w-]+\.md\)/g;
  const numbersIn = (text = "") => Array.from(text.matchAll(link), ([, number]) => number);

  function read(path: string) {
    const text = readFileSync(path, "utf8");
    const [, title, date, status = "", change, earlier] =
      /^# (.+)\n\nDate: (\d{4}-\d{2}-\d{2}) · Status: ([^·\n]*[^·\s])(?: · (Amends|Supersedes): (.+))?\n/.exec(
        text,
      ) ?? [];
    return { text, title, date, status, change, earlier };
  }

  it("are numbered without gaps, in chronological order", () => {
    const numbers = names.map((name) => /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1] ?? name);
    expect(numbers).toEqual(names.map((_, index) => String(index + 1).padStart(4, "0")));
    const dates = records.map(({ date = "" }) => date);
    expect(dates).toEqual(dates.toSorted());
  });

  it("have a title, a date, a status and three sections, on one page", () => {
    const links = "\\[\\d{4}\\]\\([\\w-]+\\.md\\)(, \\[\\d{4}\\]\\([\\w-]+\\.md\\))*";
    const statuses = new RegExp(`^(accepted(, amended by ${links})?|superseded by ${links})$`);
    const sectionsOf = (text: string) =>
      Array.from(text.matchAll(/^## (.+)\n\n(?=[^#\s])/gm), ([, section]) => section).join();
    const isComplete = ({ text, title, date, status }: (typeof records)[number]) =>
      title !== undefined &&
      date !== undefined &&
      statuses.test(status) &&
      sectionsOf(text) === "Context,Decision,Consequences" &&
      text.split("\n").length <= 40;
    expect(records.filter((record) => !isComplete(record)).map(({ name }) => name)).toEqual([]);
  });

  it("are listed with the same title, date and status", () => {
    const index = readFileSync(join(folder, "README.md"), "utf8");
    const rows = index.split("\n").filter((line) => line.startsWith("| ["));
    expect(rows).toEqual(
      records.map(
        ({ name, title, date, status }) =>
          `| [${name.slice(0, 4)}](${name}) | ${title} | ${date} | ${status} |`,
      ),
    );
  });

  it.each([
    ["Amends", "amended by"],
    ["Supersedes", "superseded by"],
  ])("name each other: %s and %s", (change, changed) => {
    const later = records
      .filter((record) => record.change === change)
      .flatMap(({ name, earlier }) => numbersIn(earlier).map((number) => `${number} by ${name.slice(0, 4)}`));
    const earlier = records
      .filter(({ status }) => status.includes(changed))
      .flatMap(({ name, status }) => numbersIn(status).map((number) => `${name.slice(0, 4)} by ${number}`));
    expect(earlier.toSorted()).toEqual(later.toSorted());
  });
});
