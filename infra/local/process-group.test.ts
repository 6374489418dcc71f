import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ProcessGroup } from "./process-group";
import { afterwards } from "./testing";
import { temporaryFolder } from "../jest/temporary-folder";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const neverReady = {
  name: "client-1",
  kind: "service" as const,
  url: "",
  log: join(temporaryFolder("process-group"), "client-1.log"),
  command: () => [process.execPath, "-e", "setInterval(() => {}, 1000)"],
  isReady: () => {
    collectGarbage();
    return Promise.resolve(false);
  },
};

function group(): ProcessGroup {
  const made = new ProcessGroup(
    () => undefined,
    () => undefined,
  );
  afterwards(() => made.stop("service"));
  return made;
}

it("stops waiting for a program that is never ready, even after garbage collections", async () => {
  const { signal } = new AbortController();
  await expect(group().start([neverReady], signal, 500)).rejects.toThrow(
    `Not ready within 0.5 s; see ${neverReady.log}`,
  );
});

it("stops waiting when it is cancelled", async () => {
  const controller = new AbortController();
  const started = group().start([neverReady], controller.signal);
  controller.abort();
  await expect(started).rejects.toThrow("aborted");
});
