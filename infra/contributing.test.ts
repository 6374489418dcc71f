import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Tree, replaceOnce } from "../mutants/tree";
import { execute } from "./local/execute";
import { root } from "./local/program";

// Follows CONTRIBUTING.md literally on a copy of the repository. A block with a file name is the content of that file, or a
// diff whose old lines must occur exactly once. Shell blocks are run.

const { projects }: { projects: Record<string, unknown>[] } = require("../jest.config.js");

interface Step {
  language: string;
  file: string;
  lines: string[];
}

const guide = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");

function stepsOf(section: string): Step[] {
  const [, text = ""] = guide.split(`\n## ${section}\n`);
  const [body = ""] = text.split("\n## ");
  return Array.from(body.matchAll(/^( *)```(\w+) ?(\S*)\n([\s\S]*?)^ *```$/gm), (block) => {
    const [, indentation = "", language = "", file = "", content = ""] = block;
    const lines = content.trimEnd().split("\n");
    return { language, file, lines: lines.map((line) => line.slice(indentation.length)) };
  });
}

const tree = new Tree();
const copy = tree.folder;
afterAll(() => tree.remove());

/** The packages whose tests and types the steps affect. */
const packages = ["common", "tickets", "orders", "payments", "infra"];

async function follow({ language, file, lines }: Step): Promise<void> {
  if (language === "sh") {
    for (const line of lines) await execute("sh", ["-c", line], { cwd: copy });
  } else if (language === "diff") {
    applyDiff(join(copy, file), lines);
  } else {
    if (existsSync(join(copy, file))) throw new Error(`${file} is there already`);
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), `${lines.join("\n")}\n`);
  }
}

function applyDiff(path: string, lines: string[]): void {
  let text = readFileSync(path, "utf8");
  for (const hunk of lines.join("\n").split("\n@@\n")) {
    const without = (sign: string) =>
      hunk
        .split("\n")
        .filter((line) => !line.startsWith(sign))
        .map((line) => `${line.slice(1)}\n`)
        .join("");
    text = replaceOnce(text, without("+"), without("-"), path);
  }
  writeFileSync(path, text);
}

/** Runs tests in the copy, on the servers of this run: they use TEST_MONGO_URL. */
async function runTests(patterns: string[]): Promise<void> {
  const { globalSetup: _, globalTeardown: __, displayName: ___, ...services } = projects[0] ?? {};
  const roots = packages.map((name) => join(copy, name));
  const config = JSON.stringify({ ...services, rootDir: copy, roots });
  const jest = join(root, "node_modules/jest/bin/jest.js");
  await run([jest, "--config", config, "--maxWorkers=2", "--testPathPatterns", ...patterns]);
}

async function checkTypes(): Promise<void> {
  const config = join(copy, "tsconfig.copy.json");
  const include = packages.filter((name) => name !== "infra").map((name) => `${name}/src/**/*.ts`);
  writeFileSync(config, JSON.stringify({ extends: "./tsconfig.json", include }));
  await run([join(root, "node_modules/typescript/bin/tsc"), "-p", config, "--declaration", "false"]);
}

/** @throws an error with the complete output */
async function run(parameters: string[]): Promise<void> {
  const command = [process.execPath, ...parameters]
    .map((one) => `'${one.replaceAll("'", "'\\''")}'`)
    .join(" ");
  const script = `${command} 2>&1; echo "exit code $?"`;
  const env = { ...process.env, TEST_RESPONSES: undefined }; // the routes of the copy are not ours
  expect(await execute("sh", ["-c", script], { cwd: copy, env })).toMatch(/exit code 0\n$/);
}

/** The formatting check of `npm run check`. */
const checkFormat = (paths: string[]) =>
  run([join(root, "node_modules/prettier/bin/prettier.cjs"), "--check", ...paths]);

/** Listeners that the entry file does not import. The compiler finds unused imports. */
const forgottenListeners = () =>
  packages.flatMap((name) => {
    const folder = join(copy, name, "src/listeners");
    if (!existsSync(folder)) return [];
    const index = readFileSync(join(copy, name, "src/index.ts"), "utf8");
    const listeners = readdirSync(folder).filter((file) => !file.endsWith(".test.ts"));
    return listeners.filter((file) => !index.includes(`"./listeners/${file.replace(/\.ts$/, "")}"`));
  });

const countFixtures = () => readdirSync(join(copy, "common/src/contract/fixtures")).length;

const openApi = () => readFileSync(join(copy, "client/lib/api/openapi.json"), "utf8");

/** It describes all endpoints at once, so it runs once, after all sections. */
const updatesOpenApi = ({ lines }: Step) => lines.join() === "npm run openapi";

const sections = ["Add a field", "Add an event", "Add a route"];

it("works when it is followed literally", async () => {
  for (const section of sections) {
    const steps = stepsOf(section);
    expect(steps.map(({ language }) => language)).toContain("diff"); // otherwise, no steps were found
    const before = countFixtures();
    for (const step of steps.filter((one) => !updatesOpenApi(one))) await follow(step);
    const hasGrown = steps.some(({ file }) => file === "common/src/contract/events.ts");
    expect(countFixtures() - before).toBe(hasGrown ? 1 : 0);
    const changesApi = steps.some(({ file }) => file.includes("/src/routes/"));
    expect(steps.some(updatesOpenApi)).toBe(changesApi);
  }
  await execute("npm", ["run", "openapi"], { cwd: copy });
  expect(openApi()).toMatch(/"venue"[^]*"discountTicket"|"discountTicket"[^]*"venue"/);
  expect(forgottenListeners()).toEqual([]);
  const written = [...new Set(sections.flatMap(stepsOf).flatMap(({ file }) => file || []))];
  const tests = written.filter((file) => file.endsWith(".test.ts"));
  const affected = [
    "tickets/src/models/ticket.test.ts",
    "common/src/contract/events.test.ts",
    "infra/contract-files.test.ts",
  ];
  await Promise.all([checkFormat(written), checkTypes(), runTests([...tests, ...affected])]);
}, 600_000);

it.each(sections)("includes a test in: %s", (section) => {
  const added = stepsOf(section).filter(({ language }) => language === "ts");
  expect(added.map(({ file }) => file)).toContainEqual(expect.stringMatching(/\.test\.ts$/));
});

it("adds a field in four files plus its fixture", () => {
  const touched = new Set(stepsOf("Add a field").flatMap(({ file }) => file || []));
  expect(touched.size).toBe(4);
});

/** Programs get the names of services from `workspaces`. */
const configuration = [
  ".dockerignore",
  ".github",
  "*Dockerfile",
  "infra/k8s/base",
  "infra/k8s/components",
  "infra/k8s/make-secrets.mjs",
  "skaffold.yaml",
];

it("names each file or component of the configuration that a copy of orders has to be added to", async () => {
  const [, section = ""] = guide.split("\n## Add a service\n");
  const found = await execute("git", ["grep", "-lw", "orders", "--", ...configuration], { cwd: root });
  const files = found.trim().split("\n");
  const isNamed = (file: string) => {
    const [, component] = /components\/([^/]+)\//.exec(file) ?? [];
    return section.includes(`\`${component ?? file.replace("base/orders.", "base/NAME.")}\``);
  };
  expect(files.filter((file) => !isNamed(file))).toEqual([]);
  expect(files).toContain("infra/Dockerfile"); // otherwise, no files were found
});

it("names files and folders that exist", () => {
  const prose = guide.replace(/^ *```[\s\S]*?^ *```$/gm, "");
  const paths = Array.from(
    prose.matchAll(/`([\w.-]+\/[\w./-]+|[\w.-]+\.(?:js|json|yaml|md))`/g),
    ([, path = ""]) => path,
  );
  const components = "infra/k8s/components";
  const isThere = (path: string) => existsSync(join(root, path)) || existsSync(join(root, components, path));
  expect(paths.filter((path) => !/^(NAME|.*\/NAME\.yaml)/.test(path) && !isThere(path))).toEqual([]);
  expect(paths).toContain("infra/Dockerfile"); // otherwise, no paths were found
});
