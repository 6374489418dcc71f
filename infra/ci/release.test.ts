import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { root } from "../local/program";
import { serviceNames } from "../services";
import { temporaryFolder } from "../jest/temporary-folder";

// The steps between building images and deploying or publishing them.

const appNames = [...serviceNames, "client"];
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const amd64 = { imageName: "eventhive/auth", tag: `ghcr.io/owner/eventhive/auth:v1-amd64@${digest("a")}` };
const arm64 = { imageName: "eventhive/auth", tag: `ghcr.io/owner/eventhive/auth:v1-arm64@${digest("b")}` };

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("release");
});

describe("join-images", () => {
  const join_ = (...builds: object[]) =>
    run("join-images.mjs", "v1", ...builds.map((builds) => JSON.stringify({ builds })));
  const joins = (line: string) => fake("docker", `echo "$@" >> ${folder}/calls; ${line}`);

  it("joins the images of two architectures by digest, and outputs the digest of the index", () => {
    joins(`[ "$3" = create ] || echo '{"digest":"${digest("c")}"}'`);
    const [built = "", images = ""] = join_([amd64], [arm64]).trim().split("\n");
    expect(JSON.parse(built.replace("built=", ""))).toEqual({
      builds: [{ imageName: "eventhive/auth", tag: `ghcr.io/owner/eventhive/auth:v1@${digest("c")}` }],
    });
    expect(JSON.parse(images.replace("images=", ""))).toEqual([
      { name: "ghcr.io/owner/eventhive/auth", digest: digest("c") },
    ]);
    expect(readFileSync(join(folder, "calls"), "utf8").split("\n")[0]).toBe(
      `buildx imagetools create --tag ghcr.io/owner/eventhive/auth:v1 ghcr.io/owner/eventhive/auth@${digest("a")} ghcr.io/owner/eventhive/auth@${digest("b")}`,
    );
  });

  it("rejects an image that is missing or was not pushed for one architecture", () => {
    joins("exit 0");
    expect(() => join_([amd64], [])).toThrow(
      "eventhive/auth was not built and pushed for every architecture",
    );
    expect(() => join_([amd64], [{ ...arm64, tag: "eventhive/auth:v1" }])).toThrow("eventhive/auth:v1");
    expect(existsSync(join(folder, "calls"))).toBe(false);
  });
});

describe("name-images", () => {
  const names = [...appNames, "stripe-sandbox", "backup", "verify"];
  const released = names.map((name) => ({
    imageName: `eventhive/${name}`,
    tag: `ghcr.io/owner/eventhive/${name}:v1@${digest("c")}`,
  }));
  const nameImages = (builds: object[]) => {
    writeFileSync(join(folder, "images.json"), JSON.stringify({ builds }));
    return run("name-images.mjs", join(folder, "images.json"), join(folder, "k8s"));
  };
  beforeEach(() => {
    const filter = (path: string) => basename(path) !== "secrets.yaml";
    cpSync(join(root, "infra/k8s"), join(folder, "k8s"), { recursive: true, filter });
  });

  it.each(["release", "gke", "gke-ha"])(
    "the overlay %s references only images that exist after a release",
    async (overlay) => {
      nameImages(released);
      const images = await imagesOf(overlay);
      expect(images.length).toBeGreaterThan(6);
      expect(images.filter((image) => !image.includes("@sha256:"))).toEqual([]);
      const own = new Set(images.filter((image) => image.startsWith("ghcr.io/owner/eventhive/")));
      expect(own.size).toBe(7);
    },
  );

  it.each(["ghcr.io/OWNER", "europe-west1-docker.pkg.dev/project/eventhive"])(
    "exactly one admission policy matches each image from %s, and none a foreign image",
    async (registry) => {
      nameImages(released.map((image) => ({ ...image, tag: image.tag.replace("ghcr.io/owner", registry) })));
      const images = [...(await imagesOf("gke")), ...(await imagesOf("gke-ha"))];
      for (const image of new Set(images)) expect([image, policiesFor(image)]).toEqual([image, 1]);
      for (const foreign of ["nginx", "mongo:8.0.0", `ghcr.io/OTHER/eventhive/auth@${digest("c")}`])
        expect([foreign, policiesFor(foreign)]).toEqual([foreign, 0]); // rejected
    },
  );

  it("one admission policy matches cert-manager's solver, whose pods run in the certificate's namespace", () => {
    const solver = `quay.io/jetstack/cert-manager-acmesolver:v1.21.2@${digest("d")}`;
    expect(policiesFor(solver)).toBe(1);
    expect(policiesFor(solver.replace("acmesolver", "controller"))).toBe(0);
    expect(policiesFor(solver.replace("quay.io", "quay.io.example.org"))).toBe(0);
  });

  it("rejects an image without a digest, and a second run", () => {
    expect(() =>
      nameImages([{ imageName: "eventhive/auth", tag: "ghcr.io/owner/eventhive/auth:v1" }]),
    ).toThrow("ghcr.io/owner/eventhive/auth:v1 has no digest");
    nameImages(released);
    expect(() => nameImages(released)).toThrow("already names images");
  });

  /** How many policies match an image; translates globs as the policy-controller does. */
  function policiesFor(image: string): number {
    const [, name = "", tail = ":latest"] = /^(.*?)(?::[^/@]*)?(@.*)?$/.exec(image) ?? [];
    const full = `${name.includes("/") ? name : `index.docker.io/library/${name}`}${tail}`;
    const patterns = parseAllDocuments(readFileSync(join(root, "infra/k8s/admission/policies.yaml"), "utf8"));
    return patterns.filter((document) => {
      const { spec }: { spec: { images: { glob: string }[] } } = document.toJS();
      return spec.images.some(({ glob }) => {
        const escaped = glob.replaceAll(".", "\\.").replaceAll("**", "#").replaceAll("*", "[^/]*");
        return new RegExp(`^${escaped.replaceAll("#", ".*")}$`).test(full);
      });
    }).length;
  }

  async function imagesOf(overlay: string): Promise<string[]> {
    const path = join(folder, "k8s/overlays", overlay);
    const rendered = kustomize(path);
    return [...rendered.matchAll(/^ *(?:- )?image: (.*)$/gm)].map(([, image = ""]) => image);
  }
});

describe("publish-manifests", () => {
  const reference = "ghcr.io/owner/eventhive/manifests:v1";
  const publish = () => runIn(repository, { CRANE: "crane" }, "publish-manifests.sh", reference);
  const published = () => readFileSync(join(folder, "manifests.tar.gz"));
  let repository: string;
  beforeEach(() => {
    repository = join(folder, "repository");
    const filter = (path: string) => basename(path) !== "secrets.yaml";
    for (const path of ["infra/k8s", "infra/ci/publish-manifests.sh"])
      cpSync(join(root, path), join(repository, path), { recursive: true, filter });
    execFileSync("git", ["init", "--quiet"], { cwd: repository });
    execFileSync("git", ["add", "."], { cwd: repository });
    const record = `echo "$@" >> ${folder}/calls; cp "$4" ${folder}/manifests.tar.gz`;
    fake("crane", `${record}; echo ${reference}@${digest("c")}`);
  });

  it("pushes one layer, and prints its reference with the digest, which is signed", () => {
    expect(publish()).toBe(`${reference}@${digest("c")}\n`);
    expect(readFileSync(join(folder, "calls"), "utf8")).toMatch(
      new RegExp(`^append --oci-empty-base --new_layer \\S+ --new_tag ${reference}\n$`),
    );
  });

  it.each(["release", "gke"])("contains the overlay %s with the released images", (overlay) => {
    const images = appNames.map((name) => ({
      imageName: `eventhive/${name}`,
      tag: `ghcr.io/owner/eventhive/${name}:v1@${digest("c")}`,
    }));
    writeFileSync(join(folder, "images.json"), JSON.stringify({ builds: images }));
    run("name-images.mjs", join(folder, "images.json"), join(repository, "infra/k8s"));
    publish();
    execFileSync("tar", ["--extract", "--gzip", `--directory=${folder}`, "overlays", "base", "components"], {
      input: published(),
    });
    const rendered = kustomize(join(folder, "overlays", overlay));
    for (const { tag } of images) expect(rendered).toContain(`image: ${tag.replace(":v1", "")}\n`);
  });

  it("contains neither secrets nor the code of tests", () => {
    writeFileSync(join(repository, "infra/k8s/secrets/secrets.yaml"), "kind: Secret\n"); // not in git
    publish();
    const names = execFileSync("tar", ["--list", "--gzip"], { input: published(), encoding: "utf8" });
    expect(names).toMatch(/^secrets\/kustomization\.yaml$/m);
    expect(names).not.toMatch(/secrets\.yaml|\.ts$/m);
  });

  it("publishes the same bytes for the same manifests", () => {
    publish();
    const first = published();
    utimesSync(join(repository, "infra/k8s/base/nats.yaml"), 1, 1);
    publish();
    expect(published().equals(first)).toBe(true);
  });

  it("fails when the registry rejects the artifact", () => {
    fake("crane", "exit 1");
    expect(publish).toThrow("publish-manifests.sh");
  });
});

describe("set-address", () => {
  const address = {
    PUBLIC_URL: "https://tickets.example.org",
    GATEWAY_ADDRESS: "203.0.113.7",
    BACKUP_URL: "https://storage.googleapis.com/staging-backups",
  };
  const setAddress = (env: Record<string, string>) => runWith(env, "set-address.mjs", folder);
  const read = (path: string) => readFileSync(join(folder, path), "utf8");
  beforeEach(() => {
    const overlay = "infra/k8s/overlays/gke";
    for (const path of ["skaffold.yaml", `${overlay}/settings.env`, `${overlay}/backup-target.env`])
      cpSync(join(root, path), join(folder, path));
  });

  it("sets the environment's address in the manifests and the verification", () => {
    setAddress(address);
    const settings = read("infra/k8s/overlays/gke/settings.env");
    expect(settings).toContain("PUBLIC_URL=https://tickets.example.org\n");
    expect(settings).toMatch(/^TRUSTED_PROXIES=.*, 203\.0\.113\.7$/m);
    expect(read("skaffold.yaml")).toContain("value: https://tickets.example.org\n");
    expect(settings + read("skaffold.yaml")).not.toMatch(/example\.com|192\.0\.2\.1/);
    expect(read("skaffold.yaml")).toContain("value: tok_visa\n");
  });

  it("backs up each environment to its own bucket", () => {
    setAddress(address);
    expect(read("infra/k8s/overlays/gke/backup-target.env")).toMatch(
      /^BACKUP_URL=https:\/\/storage\.googleapis\.com\/staging-backups$/m,
    );
  });

  it("trusts no further proxy if the gateway has no address of its own", () => {
    setAddress({ ...address, GATEWAY_ADDRESS: "none" });
    const settings = read("infra/k8s/overlays/gke/settings.env");
    expect(settings).toMatch(/^TRUSTED_PROXIES=.*130\.211\.0\.0\/22$/m);
  });

  it("uses the environment's card token", () => {
    setAddress({ ...address, CARD_TOKEN: "none" });
    expect(read("skaffold.yaml")).toContain("value: none\n");
  });

  it.each([
    [{ ...address, PUBLIC_URL: "" }, "PUBLIC_URL"],
    [{ ...address, PUBLIC_URL: "http://tickets.example.org" }, "PUBLIC_URL"],
    [{ ...address, GATEWAY_ADDRESS: "" }, "GATEWAY_ADDRESS"],
    [{ ...address, BACKUP_URL: "" }, "BACKUP_URL"],
    [{ ...address, BACKUP_URL: "https://storage.googleapis.com" }, "BACKUP_URL"],
    [{ ...address, BACKUP_URL: "file://backups" }, "BACKUP_URL"],
  ])("rejects %j", (env, name) => {
    expect(() => setAddress(env)).toThrow(`${name} must be`);
  });
});

describe("verify-images", () => {
  const signed = { imageName: "eventhive/auth", tag: `ghcr.io/owner/eventhive/auth:v1@${digest("c")}` };
  const verify = (builds: object[]) => {
    writeFileSync(join(folder, "images.json"), JSON.stringify({ builds }));
    return run("verify-images.sh", join(folder, "images.json"), "--certificate-identity", "us");
  };

  it("verifies the signature and the SBOM of every image", () => {
    fake("cosign", `echo "$@" >> ${folder}/calls`);
    expect(verify([signed])).toBe(`verified ${signed.tag}\n`);
    expect(readFileSync(join(folder, "calls"), "utf8").split("\n")).toEqual([
      `verify --certificate-identity us ${signed.tag}`,
      `verify-attestation --type spdxjson --certificate-identity us ${signed.tag}`,
      "",
    ]);
  });

  it.each(["verify", "verify-attestation"])("fails when one image fails %s", (command) => {
    fake("cosign", `case "$*" in "${command} "*/auth:*) exit 1 ;; esac`);
    const other = { imageName: "eventhive/orders", tag: signed.tag.replace("auth", "orders") };
    expect(() => verify([signed, other])).toThrow("verify-images.sh");
  });

  it("rejects an image without a digest, and an empty list", () => {
    fake("cosign", "exit 0");
    expect(() => verify([{ ...signed, tag: "ghcr.io/owner/eventhive/auth:v1" }])).toThrow("has no digest");
    expect(() => verify([])).toThrow("contains no images");
  });
});

/** A command that takes precedence on the PATH. */
function fake(name: string, line: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`);
  chmodSync(join(folder, name), 0o755);
}

const kustomize = (path: string) =>
  execFileSync(process.env.KUSTOMIZE ?? "kustomize", ["build", path], { encoding: "utf8" });

const run = (script: string, ...parameters: string[]) => runWith({}, script, ...parameters);

const runWith = (env: Record<string, string>, script: string, ...parameters: string[]) =>
  runIn(root, env, script, ...parameters);

/** Runs a script of infra/ci in a repository: this one, or a copy. */
function runIn(
  repository: string,
  env: Record<string, string>,
  script: string,
  ...parameters: string[]
): string {
  const path = join(repository, "infra/ci", script);
  const [command, ...rest] = script.endsWith(".mjs") ? [process.execPath, path] : [path];
  return execFileSync(command ?? "", [...rest, ...parameters], {
    env: { ...process.env, ...env, PATH: `${folder}:${process.env.PATH}` },
    encoding: "utf8",
    stdio: "pipe",
  });
}
