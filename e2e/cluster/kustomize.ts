import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../../infra/k8s/render";
import { root } from "../../infra/local/program";
import { kubectl } from "./cluster";

/** Applies `infra/k8s/overlays/…` or `infra/k8s/components/…` with these changes. */
export async function applyKustomized(
  path: string,
  changes: object,
  finish = (objects: Manifest[]): Manifest[] => objects,
): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "eventhive-kustomized-")));
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    [path.startsWith("components/") ? "components" : "resources"]: [
      relative(folder, join(root, "infra/k8s", path)),
    ],
    ...changes,
  };
  try {
    await writeFile(join(folder, "kustomization.yaml"), JSON.stringify(kustomization)); // JSON is YAML
    const items = parseAllDocuments(await kubectl("kustomize", folder)).map((document) => document.toJS());
    const file = join(folder, "all.json");
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: finish(items) }));
    await kubectl("apply", "--filename", file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
