import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execute, reasonOf } from "../local/execute";
import { root } from "../local/program";
import { mergedDocument } from "./merged-document";

// npm run openapi [FOLDER]
// Writes the OpenAPI document of all services, which the client serves, and the types that are generated from it. The
// generator needs another TypeScript than the repository, so it is installed in a folder of its own.

const folder = process.argv[2] ?? join(root, "client/lib/api");

async function write(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [document, types] = [join(folder, "openapi.json"), join(folder, "types.d.ts")];
  await writeFile(document, JSON.stringify(await mergedDocument()));
  await execute("npm", ["ci", "--prefer-offline"], { cwd: __dirname, timeout: 300_000 });
  const generator = join(__dirname, "node_modules/openapi-typescript/bin/cli.js");
  await execute(process.execPath, [generator, document, "--output", types], {
    cwd: __dirname,
    timeout: 180_000,
  });
  const prettier = join(root, "node_modules/.bin/prettier");
  await execute(prettier, ["--config", join(root, ".prettierrc.json"), "--write", document, types], {
    cwd: root,
    timeout: 180_000,
  });
}

write().catch((error: unknown) => {
  console.error(reasonOf(error));
  process.exitCode = 1;
});
