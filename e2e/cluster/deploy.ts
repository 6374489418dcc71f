import { join } from "node:path";
import { execute } from "../../infra/local/execute";
import { root } from "../../infra/local/program";
import { eventually } from "../eventually";
import { rolledOut, services } from "./cluster";
import { applyKustomized } from "./kustomize";
import { memoryByApp } from "./memory";

/** Applies the ci overlay as it is, but for the images' tag. */
export async function deploy(tag: string): Promise<void> {
  await execute(process.execPath, [join(root, "infra/k8s/make-secrets.mjs")]);
  const images = [...services, "stripe-sandbox"].map((name) => ({ name: `eventhive/${name}`, newTag: tag }));
  const start = performance.now();
  await applyKustomized("overlays/ci", { images });
  await rolledOut();
  console.log(`Ready ${Math.round((performance.now() - start) / 1000)} s after kubectl apply`);
  console.log(`Memory of a pod at rest, in MiB: ${await eventually(memoryByApp, { withinSeconds: 60 })}`);
}
