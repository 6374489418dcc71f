// Writes the images of a release into the manifests, by digest:
//   node infra/ci/name-images.mjs IMAGES.json [FOLDER]     as `skaffold build --file-output` writes it; infra/k8s
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [, , file, folder = "infra/k8s"] = process.argv;
if (!file) throw new Error("Usage: node infra/ci/name-images.mjs IMAGES.json [FOLDER]");

const images = JSON.parse(readFileSync(file, "utf8")).builds.map(({ imageName, tag }) => {
  const [, newName, digest] = /^(.*):[^:@/]+@(sha256:[\da-f]{64})$/.exec(tag) ?? [];
  if (!digest) throw new Error(`${tag} has no digest`);
  return { name: imageName, newName, digest };
});
const path = join(folder, "components/images/kustomization.yaml");
const kustomization = readFileSync(path, "utf8");
if (!kustomization.includes("images: []\n")) throw new Error(`${path} already names images`);
writeFileSync(path, kustomization.replace("images: []\n", `images: ${JSON.stringify(images)}\n`)); // JSON is YAML
