import { spawn } from "node:child_process";
import { dataFolderFrom, readStackFile } from "./stack-file";

const [prefix = ""] = process.argv.slice(2);
const processes = readStackFile(dataFolderFrom(process.env))?.processes ?? [];
const logs = processes.filter(({ name }) => name.startsWith(prefix)).map(({ log }) => log);

if (logs.length > 0) {
  const tail = spawn("tail", ["-n", "100", "-F", ...logs], { stdio: "inherit" });
  process.once("SIGTERM", () => tail.kill());
} else {
  const names = processes.map(({ name }) => name).join(", ");
  console.error(
    names
      ? `No process name begins with "${prefix}". Running: ${names}`
      : "EventHive is not running. Start it with npm start",
  );
  process.exitCode = 1;
}
