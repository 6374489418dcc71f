import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "../local/program";

// Every pinned version has an updater: Dependabot, or Renovate for what Dependabot cannot parse. Exceptions are in
// docs/decisions/0066-updates-for-every-pin.md.

interface Update {
  "package-ecosystem": string;
  directory?: string;
  directories?: string[];
  patterns?: string[];
  "multi-ecosystem-group"?: string;
  groups?: Record<string, { patterns?: string[]; "update-types"?: string[] }>;
  ignore?: { "dependency-name": string; "update-types"?: string[] }[];
}

interface CustomManager {
  managerFilePatterns: string[];
  matchStrings: string[];
  depNameTemplate?: string;
}

const read = (path: string) => readFileSync(join(root, path), "utf8");
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .trim()
  .split("\n");
const foldersOf = (paths: string[]) =>
  [...new Set(paths.map((path) => `/${path.split("/").slice(0, -1).join("/")}`))].toSorted();

describe("Dependabot", () => {
  const { updates }: { updates: Update[] } = parse(read(".github/dependabot.yml"));
  const docker = updates.filter((update) => update["package-ecosystem"] === "docker");
  const [bases, stores] = docker;

  it("groups all base images in one pull request, and the images of each store in another", () => {
    const dockerfiles = files.filter((path) => path.endsWith("Dockerfile"));
    const manifests = files
      .filter((path) => /^infra\/k8s\/.*\.yaml$/.test(path))
      .filter((path) => /\bimage: (?!eventhive\/)/.test(read(path)));
    expect(docker.map(({ directories }) => directories?.toSorted())).toEqual([
      foldersOf(dockerfiles),
      foldersOf(manifests),
    ]);
    expect(bases?.["multi-ecosystem-group"]).toBe("base-images");
    const groups = Object.values(stores?.groups ?? {}).map(({ patterns }) => patterns?.join(" "));
    expect(groups).toEqual(["mongo", "redis", "nats*"]);
    const images = manifests.flatMap((path) => read(path).match(/(?<=\bimage: )[\w-]+(?=:)/g) ?? []);
    expect([...new Set(images)].toSorted()).toEqual(["mongo", "nats", "nats-streaming", "redis"]);
  });

  it("updates the Node.js of local runs in the same pull request as that of images", () => {
    const together = updates.filter((update) => update["multi-ecosystem-group"] === "base-images");
    expect(together.map((update) => update["package-ecosystem"])).toEqual(["docker", "npm"]);
    expect(together[1]?.directory).toBe("/infra/node");
    for (const { patterns } of together) expect(patterns).toEqual(["*"]);
  });

  it("ignores major versions of Node.js, and all but patch releases of Go and of the stores", () => {
    const major = "version-update:semver-major";
    const majorOrMinor = [major, "version-update:semver-minor"];
    expect(bases?.ignore).toEqual([
      { "dependency-name": "node", "update-types": [major] },
      { "dependency-name": "golang", "update-types": majorOrMinor },
    ]);
    expect(stores?.ignore).toEqual([{ "dependency-name": "*", "update-types": majorOrMinor }]);
  });

  it("updates every Go module", () => {
    const modules = updates.filter((update) => update["package-ecosystem"] === "gomod");
    expect(modules.map(({ directory }) => directory)).toEqual(
      foldersOf(files.filter((path) => path.endsWith("go.mod"))),
    );
  });

  it("groups every ecosystem, and covers our composite actions", () => {
    const alone = updates.filter((update) => !update["multi-ecosystem-group"] && !update.groups);
    expect(alone).toEqual([]);
    const ours = foldersOf(files.filter((path) => path.startsWith(".github/actions/")));
    const { directories } = updates.find((update) => update["package-ecosystem"] === "github-actions") ?? {};
    expect(directories?.toSorted()).toEqual(["/", ...ours]);
  });
});

describe("Renovate", () => {
  const { customManagers, enabledManagers }: { customManagers: CustomManager[]; enabledManagers: string[] } =
    JSON.parse(read(".github/renovate.json"));
  const found = customManagers.flatMap(({ managerFilePatterns, matchStrings, depNameTemplate }) =>
    files
      .filter((path) => managerFilePatterns.some((pattern) => new RegExp(pattern.slice(1, -1)).test(path)))
      .flatMap((path) =>
        matchStrings.flatMap((one) =>
          [...read(path).matchAll(new RegExp(one, "g"))].map(({ groups }) => ({
            path,
            name: groups?.depName ?? depNameTemplate,
            version: groups?.currentValue,
          })),
        ),
      ),
  );
  const inFile = (path: string) => found.filter((one) => one.path === path);

  it("does not overlap with Dependabot", () => {
    expect(enabledManagers).toEqual(["custom.regex"]);
  });

  it("finds the version of skaffold", () => {
    const [, version] = /releases\/(v[\d.]+)\//.exec(read(".github/actions/skaffold/action.yml")) ?? [];
    expect(inFile(".github/actions/skaffold/action.yml")).toEqual([
      expect.objectContaining({ name: "GoogleContainerTools/skaffold", version }),
    ]);
  });

  it("finds the version of every chart that the guide pins", () => {
    const commands = read("docs/operating.md").replaceAll("\\\n", " ").split("\n");
    const pinned = commands.filter((line) => /oci:\/\/.* --version /.test(line));
    expect(pinned.length).toBeGreaterThan(1);
    const charts = inFile("docs/operating.md").filter(({ name }) => !name?.startsWith("github.com/"));
    expect(charts.map(({ name }) => `oci://${name}`)).toEqual(
      pinned.map((line) => /oci:\/\/\S+/.exec(line)?.[0]),
    );
  });

  const updatedByHand = ["infra/k8s/find-tool.ts", "infra/local/known-servers.ts"];
  const running = /github\.com\/\S+@v\d[\d.]+/g;
  it.each(files.filter((path) => /\.(yml|sh|ts|md)$/.test(path) && read(path).match(running)))(
    "finds the version of every Go program that %s runs",
    (path) => {
      const programs = read(path).match(running) ?? [];
      const names = inFile(path).filter(({ name }) => name?.startsWith("github.com/"));
      expect(names).toHaveLength(updatedByHand.includes(path) ? 0 : programs.length);
    },
  );
});

it("the test cluster has the custom resources of the versions that the guide installs", () => {
  const script = read("infra/cluster/build.sh");
  const guide = read("docs/operating.md").replaceAll("\\\n", " ");
  const minor = (text: string, pattern: RegExp) => pattern.exec(text)?.[1];
  for (const [variable, chart] of [
    ["cert_manager", "jetstack/charts/cert-manager"],
    ["envoy_gateway", "envoyproxy/gateway-helm"],
  ]) {
    const installed = minor(guide, new RegExp(`${chart} +--version (v\\d+\\.\\d+)\\.`));
    expect(installed).toMatch(/^v\d/);
    expect([variable, minor(script, new RegExp(`\\b${variable}=(v\\d+\\.\\d+)\\.`))]).toEqual([
      variable,
      installed,
    ]);
  }
});
