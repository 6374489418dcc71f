import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { envelope, events } from "../common/src/contract/events";
import { type Contract, type Version, nextVersion } from "./fixtures";
import { execute, reasonOf } from "./local/execute";
import { root } from "./local/program";

// Writes fixtures for additions to the contract into a folder for the next version. Existing fixtures are not changed.
// Deterministic: the same contract produces the same files.

const folder = join(root, "common/src/contract/fixtures");
const contract: Contract = { ...events, envelope: envelope.omit({ type: true }) }; // a new subject does not change it

async function writeFixtures(): Promise<void> {
  const read = (version: number, file: string) =>
    JSON.parse(readFileSync(join(folder, `v${version}`, file), "utf8"));
  const count = readdirSync(folder).length;
  const versions: Version[] = Array.from({ length: count }, (_, index) => ({
    events: read(index + 1, "events.json"),
    schemas: read(index + 1, "schemas.json"),
  }));
  const next = nextVersion(versions, contract);
  if (!next) return console.log("The fixtures show everything that is in the contract.");

  const target = join(folder, `v${count + 1}`);
  mkdirSync(target); // fails if it exists
  for (const [name, content] of Object.entries(next))
    writeFileSync(join(target, `${name}.json`), JSON.stringify(content, null, 2), { flag: "wx" });
  await execute(join(root, "node_modules/.bin/prettier"), ["--write", target], { cwd: root });
  console.log(`Wrote ${target}. Replace values that were made up by ones that read well.`);
}

writeFixtures().catch((error: unknown) => {
  console.error(reasonOf(error));
  process.exitCode = 1;
});
