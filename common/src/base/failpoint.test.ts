import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromSource } from "../../../infra/local/from-source";
import { failpoint, onFailpoint } from "./failpoint";

afterEach(() => onFailpoint(undefined));

it("does nothing unless a test listens", async () => {
  await expect(failpoint("samples.save.before")).resolves.toBeUndefined();
});

it("lets a test crash or suspend the step", async () => {
  let open = () => {};
  onFailpoint((name) => {
    if (name === "samples.save.before") throw new Error("a crash");
    return new Promise((resolve) => (open = resolve));
  });
  await expect(failpoint("samples.save.before")).rejects.toThrow("a crash");
  const parked = failpoint("samples.save.after");
  open();
  await parked;
});

describe("a process of its own", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "eventhive-failpoints-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Runs a process that comes to `first`, then to `second`; returns how it ended, and what it printed. */
  async function run() {
    const program = `
      const { failpoint } = require(${JSON.stringify(join(__dirname, "failpoint.ts"))});
      failpoint("first").then(() => {
        console.log("past the first");
        return failpoint("second");
      }).then(() => console.log("past the second"));`;
    const child = spawn(process.execPath, [...fromSource, "--eval", program], {
      cwd: __dirname,
      env: { ...process.env, FAILPOINTS_DIR: folder },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    child.stdout.on("data", (text) => (printed += text));
    const [code, signal] = await once(child, "close");
    return { end: signal ?? code, printed };
  }

  it("is killed at an armed failpoint, once", async () => {
    await writeFile(join(folder, "second"), "");
    expect(await run()).toEqual({ end: "SIGKILL", printed: "past the first\n" });
    expect(await readdir(folder)).toEqual([]);
    expect(await run()).toEqual({ end: 0, printed: "past the first\npast the second\n" });
  });
});
