import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { execute } from "../../infra/local/execute";
import { root } from "../../infra/local/program";
import { kubectl, rolledOut, services } from "./cluster";

/** Applies the ci overlay as it is, but for the images' tag. */
export async function deploy(tag: string): Promise<void> {
  await execute(process.execPath, [join(root, "infra/k8s/make-secrets.mjs")]);
  const folder = await realpath(await mkdtemp(join(tmpdir(), "eventhive-tagged-")));
  const tagged = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: [relative(folder, join(root, "infra/k8s/overlays/ci"))],
    images: [...services, "stripe-sandbox"].map((name) => ({ name: `eventhive/${name}`, newTag: tag })),
  };
  await writeFile(join(folder, "kustomization.yaml"), JSON.stringify(tagged)); // JSON is YAML
  const start = performance.now();
  await kubectl("apply", "--kustomize", folder);
  await rm(folder, { recursive: true });
  await rolledOut();
  console.log(`Ready ${Math.round((performance.now() - start) / 1000)} s after kubectl apply`);
}
