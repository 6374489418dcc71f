import { isReady } from "./backends";
import { memoryInMiB, startOf } from "./processes";
import { dataFolderFrom, readStackFile, type StackProcess } from "./stack-file";
import { table } from "./table";

const stack = readStackFile(dataFolderFrom(process.env));
if (stack) {
  const head = ["process", "state", "pid", "restarts", "MiB", "address"];
  void Promise.all(stack.processes.map(row)).then((rows) =>
    console.log(`${stack.url}\n\n${table([head, ...rows])}`),
  );
} else {
  console.log("EventHive is not running. Start it with npm start");
  process.exitCode = 1;
}

async function row({ name, pid, url, restarts }: StackProcess): Promise<(string | number | undefined)[]> {
  return [name, await stateOf(pid, url), pid, restarts, memoryInMiB(pid), url];
}

async function stateOf(pid: number, url: string): Promise<string> {
  if (!startOf(pid)) return "dead";
  if (!url.startsWith("http")) return "running";
  return (await isReady(url)) ? "ready" : "not ready";
}
