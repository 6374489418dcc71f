import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { envelope, events } from "../common/src/contract/events";
import {
  changesSince,
  common,
  contractFiles,
  fixturesFolder,
  fixtureVersions,
  readJson,
  releaseFile,
  releaseOf,
} from "./contract-files";
import { type Contract, nextVersion } from "./fixtures";
import { jetStreamUsers, usersFile } from "./k8s/jetstream-users";
import { execute, reasonOf } from "./local/execute";
import { root } from "./local/program";

// Writes what follows from the contract of events: fixtures for additions, into a folder for the next version; the files
// that are published for other languages; and the snapshot of a release, once per version of the package. Existing
// fixtures are not changed. Deterministic: the same contract produces the same files.

const contract: Contract = { ...events, envelope: envelope.omit({ type: true }) }; // a new subject does not change it

async function writeAll(): Promise<void> {
  writeFileSync(join(root, usersFile), jetStreamUsers());
  const written = [...writeFixtures(), ...writeSnapshot(), ...writePublishedFiles()];
  await execute(join(root, "node_modules/.bin/prettier"), ["--write", ...written], { cwd: root });
}

function writeFixtures(): string[] {
  const versions = fixtureVersions();
  const next = nextVersion(versions, contract);
  if (!next) return [];

  const folder = join(fixturesFolder, `v${versions.length + 1}`);
  mkdirSync(folder); // fails if it exists
  for (const [name, content] of Object.entries(next)) write(join(folder, `${name}.json`), content);
  console.log(`Wrote ${folder}. Replace generated values with realistic ones, and run this again.`);
  return [folder];
}

/** @throws when the contract no longer keeps the last release's promises */
function writeSnapshot(): string[] {
  const { version } = readJson("package.json");
  const [released, now] = [readJson(releaseFile), releaseOf(version)];
  const changes = changesSince(released, now);
  if (changes.length > 0)
    throw new Error(`The contract may only grow. Since ${released.version}:\n${changes.join("\n")}`);
  if (released.version === version) return [];
  write(join(common, releaseFile), now);
  return [join(common, releaseFile)];
}

function writePublishedFiles(): string[] {
  rmSync(join(common, "schemas"), { recursive: true, force: true });
  mkdirSync(join(common, "schemas"));
  return Object.entries(contractFiles()).map(([path, content]) => {
    write(join(common, path), content);
    return join(common, path);
  });
}

const write = (path: string, content: unknown) => writeFileSync(path, JSON.stringify(content, null, 2));

writeAll().catch((error: unknown) => {
  console.error(reasonOf(error));
  process.exitCode = 1;
});
