import { rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { endLeftovers, holderOf } from "./lock";
import { attempt } from "./processes";
import { dataFolderFrom } from "./stack-file";

/** Listed by name, because EVENTHIVE_DATA may contain other files. */
const ownFiles = [
  "mongo",
  "redis",
  "nats",
  "jetstream",
  "stripe",
  "logs",
  "jwt-key",
  "demo-loaded",
  "stack.json",
  "lock",
];

const dataFolder = dataFolderFrom(process.env);
const holder = holderOf(dataFolder);

if (holder) {
  console.error(`EventHive is running as pid ${holder}. Stop it first: Ctrl-C there, or kill ${holder}`);
  process.exitCode = 1;
} else {
  void endLeftovers(dataFolder).then(() => {
    for (const name of ownFiles) rmSync(join(dataFolder, name), { recursive: true, force: true });
    attempt(() => rmdirSync(dataFolder));
    console.log(`Removed the data in ${dataFolder}`);
  });
}
