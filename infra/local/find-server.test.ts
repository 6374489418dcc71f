import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findServer } from "./find-server";
import { redis, type Server } from "./known-servers";
import { serverProgram } from "./servers";
import { afterwards } from "./testing";

const missing: Server = {
  ...redis,
  binary: "eventhive-test-server",
  registry: {
    what: "a registry",
    check: ["false", []],
    install: () => Promise.reject(new Error("the registry is closed")),
  },
};

it("finds a server on the PATH", async () => {
  const folder = onPath("eventhive-test-server", "echo 1.0");
  expect(await findServer(missing)).toEqual({ binary: join(folder, "eventhive-test-server") });
});

it("installs a missing server once, if it runs", async () => {
  let installs = 0;
  const install = async (folder: string) => {
    installs++;
    writeFileSync(join(folder, missing.binary), "#!/bin/sh\necho 1.0\n");
  };
  const server = { ...missing, registry: { ...missing.registry, install } };
  const found = await findServer(server, { containers: false });
  if ("binary" in found) afterwards(() => rmSync(found.binary));
  expect(await findServer(server)).toEqual(found);
  expect(installs).toBe(1);
});

it("removes an installed server that does not run", async () => {
  const install = async (folder: string) =>
    writeFileSync(join(folder, missing.binary), "#!/bin/sh\necho no OpenSSL >&2; exit 1\n");
  const server = { ...missing, registry: { ...missing.registry, install } };
  await expect(findServer(server, { containers: false })).rejects.toThrow("a registry: no OpenSSL");
});

it("lists all attempts, and how to install a server, if it cannot be found", async () => {
  onPath("docker", "exit 1");
  onPath("podman", "exit 1");
  await expect(findServer(missing)).rejects.toThrow(`Redis is needed. Tried:
  REDIS_URL: not set
  eventhive-test-server on the PATH or in .eventhive/bin: none that runs
  Docker or Podman: neither is running
  a registry: the registry is closed
  To fix it: ${redis.installHint}, or set REDIS_URL.`);
});

it("runs a server as a container if only Docker is available, reachable from this machine only", async () => {
  onPath("docker", "exit 0");
  const dataFolder = mkdtempSync(join(tmpdir(), "container-"));
  const { command } = await serverProgram(missing, { dataFolder, port: 26379 });
  const line = command("").join(" ");
  expect(line).toContain("docker eventhive-redis-26379 --rm");
  expect(line).toContain(
    `--publish=127.0.0.1:26379:26379 --entrypoint=eventhive-test-server ${redis.image} --bind 0.0.0.0`,
  );
});

function onPath(name: string, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), "path-"));
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${folder}:${before}`;
  afterwards(() => (process.env.PATH = before));
  return folder;
}
