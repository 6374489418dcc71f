import { execFile } from "node:child_process";
import { symlinkSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "../../infra/jest/temporary-folder";
import { root } from "../../infra/local/program";
import { exampleOf } from "../test/example-of";
import { onFailpoint } from "./base/failpoint";
import { MemoryBroker } from "./messaging/memory-bus";
import { onStartService } from "./service/service";

// Every export has an example in its doc comment. It may use all exports, and what `test/example-context.ts` defines.
// In `expression; // => value` and `throw error; // => properties`, the comment is checked, too.

const context = join(root, "common/test/example-context");
const entries = { "@eventhive/common": "index.ts", "@eventhive/common/testing": "testing/index.ts" };

interface Export {
  name: string;
  /** What it is imported from. */
  entry: string;
  example: string | undefined;
}

const read = (file: string) => readFileSync(join(__dirname, file), "utf8");

function exportsOf([entry, file]: [string, string]): Export[] {
  const source = read(file);
  const declared = namesIn(source, /^export (?:async )?(?:const|function|class|interface|type) (\w+)/gm);
  const imported = [...source.matchAll(/^export (?:type )?{([^}]+)} from "(.+)";/gm)].flatMap(
    ([, names = "", from = ""]) =>
      namesIn(names, /(\w+)(?=,|\s*$)/g).map((name) => ({ name, file: `${join(dirname(file), from)}.ts` })),
  );
  return [...declared.map((name) => ({ name, file })), ...imported].map((one) => ({
    name: one.name,
    entry,
    example: exampleOf(one.name, read(one.file)),
  }));
}

const namesIn = (text: string, pattern: RegExp) =>
  Array.from(text.matchAll(pattern), ([, name = ""]) => name);

const all = Object.entries(entries).flatMap(exportsOf);
const examples = all.filter((one): one is Export & { example: string } => one.example !== undefined);
const names = examples.map(({ name }) => name);

/** A module with the example as a function. */
function moduleOf(example: string): string {
  const isImport = (line: string) => line.startsWith("import ");
  const lines = example.split("\n");
  const uses = (name: string) => new RegExp(`\\b${name}\\b`).test(example);
  const importOf = (used: string[], from: string) =>
    used.length > 0 ? `import { ${used.join(", ")} } from ${JSON.stringify(from)};` : "";
  return [
    ...lines.filter(isImport),
    ...Object.keys(entries).map((entry) =>
      importOf(
        all.filter((one) => one.entry === entry && uses(one.name)).map(({ name }) => name),
        entry,
      ),
    ),
    importOf(["Ticket", "app", "database", "ticket"].filter(uses), context),
    "export async function example(): Promise<void> {",
    ...lines.filter((line) => !isImport(line)),
    "}",
  ].join("\n");
}

const withChecks = (example: string) =>
  example
    .replaceAll(/^throw (.+); \/\/ => (.+)$/gm, "expect($1).toMatchObject($2);")
    .replaceAll(/^(.+); \/\/ => (.+)$/gm, "expect(await ($1)).toEqual($2);");

const folder = temporaryFolder("examples");
writeFileSync(join(folder, "package.json"), "{}"); // the module format does not depend on folders above it
symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));

it("every export has an example", () => {
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter(({ example }) => example === undefined).map(({ name }) => name)).toEqual([]);
});

it("the examples compile", async () => {
  const base: object = JSON.parse(
    readFileSync(join(root, "tsconfig.json"), "utf8").replace(/^ *\/\/.*$/gm, ""),
  );
  const { compilerOptions } = base as { compilerOptions: object };
  const config = {
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: { ...compilerOptions, noUnusedLocals: false, noUnusedParameters: false },
    include: ["compile-*.ts", join(root, "common/src/**/*.d.ts")],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  // With a number, because names such as `listener` and `Listener` differ only in case.
  for (const [index, { name, example }] of examples.entries())
    writeFileSync(join(folder, `compile-${index}-${name}.ts`), moduleOf(example));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const compiled = promisify(execFile)(process.execPath, [tsc, "-p", folder], { timeout: 100_000 });
  expect(await compiled.catch(({ stdout, message }) => ({ stdout: stdout || message }))).toMatchObject({
    stdout: "",
  });
});

/** They need a store, or define tests. */
const notRun = ["describeEventBus", "retryOnConflict", "setUpService", "signedIn"];

it("runs all others", () => {
  expect(notRun.filter((name) => !names.includes(name))).toEqual([]);
});

describe("the example of", () => {
  beforeAll(() =>
    onStartService(({ watchers = [] }) => {
      for (const watcher of watchers) watcher.connect(new MemoryBroker().connect("example"));
    }),
  );
  afterAll(() => {
    onStartService(undefined);
    onFailpoint(undefined);
  });

  const run = examples.filter(({ name }) => !notRun.includes(name));
  it.each(run)("$name does what it says", async ({ name, example }) => {
    const file = join(folder, `run-${names.indexOf(name)}.ts`);
    writeFileSync(file, moduleOf(withChecks(example)));
    await require(file).example();
  });
});
