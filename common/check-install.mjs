// Checks the packed tarball as others use it: publint, Are The Types Wrong, and an install into an empty project that uses
// it from CommonJS, ES modules and TypeScript, without `skipLibCheck`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const common = dirname(fileURLToPath(import.meta.url));
const tsc = join(common, "../node_modules/typescript/bin/tsc");
const manifest = JSON.parse(readFileSync(join(common, "package.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "eventhive-install-"));

const run = (command, ...parameters) => execFileSync(command, parameters, { cwd: folder, encoding: "utf8" });
const node = (...parameters) => run(process.execPath, ...parameters);

const useValues = `
  assert(isId(newId()));
  assert.equal(typeof startService, "function");
  assert.equal(document.info.version, ${JSON.stringify(manifest.version)});
  assert.equal(schema.$id, "urn:eventhive:event:order:created");
`;

const files = {
  "package.json": JSON.stringify({ private: true }),
  "use.cjs": `
    const assert = require("node:assert/strict");
    const { isId, startService } = require("@eventhive/common");
    const { newId } = require("@eventhive/common/testing");
    const document = require("@eventhive/common/asyncapi.json");
    const schema = require("@eventhive/common/schemas/order-created.json");
    ${useValues}`,
  "use.mjs": `
    import assert from "node:assert/strict";
    import { isId, startService } from "@eventhive/common";
    import { newId } from "@eventhive/common/testing";
    import document from "@eventhive/common/asyncapi.json" with { type: "json" };
    import schema from "@eventhive/common/schemas/order-created.json" with { type: "json" };
    ${useValues}`,
};

const useTypes = `
  import { type EventData, createDatabase, defineReplica, listener } from "@eventhive/common";
  import { deliver, newId } from "@eventhive/common/testing";

  export const Ticket = defineReplica(createDatabase("notes"), "Ticket", {
    subjects: ["ticket:created", "ticket:updated"],
    fields: { title: { type: String, required: true } },
    from: ({ title }) => ({ title }),
  });
  export const ticketCreated = listener("ticket:created", Ticket.apply);
  export const created = (ticket: EventData<"ticket:created">): Promise<void> => deliver(ticketCreated, ticket);
  export const id: string = newId();
  // @ts-expect-error: the types are not any
  export const wrong: number = newId();
`;
const compilers = [
  ["node16", "node16", "use.cts"],
  ["node16", "node16", "use.mts"],
  ["nodenext", "nodenext", "use.cts"],
  ["nodenext", "nodenext", "use.mts"],
  ["preserve", "bundler", "use.ts"],
];
for (const [, , file] of compilers) files[file] = useTypes;

try {
  run("npm", "pack", common, "--ignore-scripts", "--silent");
  const tarball = join(folder, `${manifest.name.slice(1).replace("/", "-")}-${manifest.version}.tgz`);
  const bytes = readFileSync(tarball);

  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg, { color: false })),
    [],
  );

  const isJson = (name) => name.endsWith(".json");
  const { problems = [] } = await checkPackage(createPackageFromTarballData(bytes), {
    excludeEntrypoints: Object.keys(manifest.exports).filter(isJson),
  });
  assert.deepEqual(
    problems.filter(({ resolutionKind }) => resolutionKind !== "node10"), // it ignores `exports`: see README.md
    [],
  );

  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  run(
    "npm",
    "install",
    "--prefer-offline",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    tarball,
    "@types/node@24",
  );
  for (const file of ["use.cjs", "use.mjs"]) node(file);
  for (const [module, moduleResolution, file] of compilers) {
    const options = { target: "es2023", module, moduleResolution, types: "node" };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    node(tsc, "--noEmit", "--strict", "--skipLibCheck", "false", ...flags, file);
  }
} catch (error) {
  process.stderr.write(error.stdout ?? ""); // of a compiler
  throw error;
} finally {
  rmSync(folder, { recursive: true });
}
