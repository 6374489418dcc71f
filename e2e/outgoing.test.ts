import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execute } from "../infra/local/execute";
import { outgoing, recordOutgoing } from "./outgoing";
import { stackFile } from "./stack";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "outgoing-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a script with the environment of the stack's processes. Resolves with the recorded outgoing requests. */
async function recordOf(script: string): Promise<string[]> {
  await execute(process.execPath, ["-e", script], { env: { ...process.env, ...recordOutgoing(folder) } });
  return outgoing(folder).map((line) => line.slice(line.indexOf("→") + 2));
}

it.each([
  ["fetch", `fetch("http://192.0.2.1/").catch(() => {})`, "192.0.2.1"],
  ["fetch by name", `fetch("https://cdn.example/emoji.svg").catch(() => {})`, "cdn.example"],
  ["http", `require("http").get("http://192.0.2.2/").on("error", () => {})`, "192.0.2.2"],
  ["https", `require("https").get("https://fonts.example/").on("error", () => {})`, "fonts.example"],
  ["a socket", `require("net").connect(443, "192.0.2.3").on("error", () => {})`, "192.0.2.3"],
  [
    "a datagram",
    `try { require("dgram").createSocket("udp4").send("x", 53, "192.0.2.4") } catch {}`,
    "192.0.2.4",
  ],
  [
    "a name",
    `require("dns").promises.resolveSrv("_mongodb._tcp.example").catch(() => {})`,
    "_mongodb._tcp.example",
  ],
])("records %s to another machine, and makes it fail", async (_, script, host) => {
  expect(await recordOf(script)).toEqual([host]);
});

it("allows connections to this machine", async () => {
  const url = stackFile().url; // uses the name localhost
  expect(
    await recordOf(
      `fetch(${JSON.stringify(url)}).then(({ status }) => { if (status !== 200) throw status })`,
    ),
  ).toEqual([]);
});

it("is loaded into every Node.js process", () => {
  for (const { name, pid } of stackFile().processes.filter(
    ({ name }) => !["mongo", "redis", "nats"].includes(name),
  ))
    expect([name, readFileSync(`/proc/${pid}/environ`, "utf8")]).toEqual([
      name,
      expect.stringContaining("record-outgoing.cjs"),
    ]);
});
