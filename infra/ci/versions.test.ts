import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../local/program";

const read = (path: string) => readFileSync(join(root, path), "utf8");
// Except records: of decisions, of releases and of a run of the bench.
const records = [":!docs/decisions", ":!*CHANGELOG.md", ":!bench/results.md"];
const documents = execFileSync("git", ["ls-files", "*.md", ...records], {
  cwd: root,
  encoding: "utf8",
})
  .trim()
  .split("\n");

const section = /^## Supported versions\n([^]*?)(?=^## |$(?![^]))/m.exec(read("docs/delivery.md"))?.[1] ?? "";
const rows = section.split("\n").filter((line) => line.startsWith("| "));

const found = (text: string, pattern: RegExp) => pattern.exec(text)?.[1] ?? `nothing like ${pattern}`;
const manifests = readdirSync(join(root, "infra/k8s"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => read(`infra/k8s/${name}`))
  .join("\n");

const updatedByBots = {
  node: found(read("infra/Dockerfile"), /node:([\d.]+)-/),
  go: found(read("infra/backup/Dockerfile"), /golang:([\d.]+)-/),
  skaffold: found(read(".github/actions/skaffold/action.yml"), /releases\/v([\d.]+)\//),
  mongodb: found(manifests, /\bmongo:([\d.]+)/),
  redis: found(manifests, /\bredis:([\d.]+)/),
  jetStream: found(manifests, /\bnats:([\d.]+)/),
};
const major = (version: string) => found(version, /^(\d+)\./);
const minor = (version: string) => found(version, /^(\d+\.\d+)\./);

it.each([
  ["Node.js", major(updatedByBots.node)],
  ["Debian, of our images", found(read("infra/Dockerfile"), /node:[\d.]+-(\w+)-slim/)],
  ["Kubernetes, in tests and schemas", found(read("infra/cluster/build.sh"), /^kubernetes=v(\d+\.\d+)\./m)],
  ["Go, builds `backup`", minor(updatedByBots.go)],
  ["skaffold", major(updatedByBots.skaffold)],
  ["Ubuntu, of MongoDB's image", found(manifests, /\bmongo:[\d.]+-(\w+)@/)],
  ["Debian, of Redis's image", found(manifests, /\bredis:[\d.]+-(\w+)@/)],
  ["Next.js", found(read("client/package.json"), /"next": "\^(\d+)\./)],
  ["MongoDB", minor(updatedByBots.mongodb)],
  ["Redis", minor(updatedByBots.redis)],
  ["NATS JetStream", minor(updatedByBots.jetStream)],
  ["NATS Streaming", found(manifests, /\bnats-streaming:([\d.]+)-/)],
])("the guide states the end of support of %s %s", (component, version) => {
  const row = rows.find((line) => line.startsWith(`| ${component} | `));
  expect(row?.split(" | ")[1]).toContain(version);
  expect(row?.split(" | ")[2]).toMatch(/\d{4}-\d{2}|no date/);
});

it.each(Object.entries(updatedByBots))(
  "no document repeats the version of %s, which bots update",
  (_, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(documents.filter((path) => read(path).includes(version))).toEqual([]);
  },
);
