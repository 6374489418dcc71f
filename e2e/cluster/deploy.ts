import { join } from "node:path";
import { labelledBySkaffold, runId, sameRunId } from "../../infra/k8s/skaffold";
import { execute } from "../../infra/local/execute";
import { root } from "../../infra/local/program";
import { eventually } from "../../common/src/testing/eventually";
import { kubectl, overlay, rolledOut, apps } from "./cluster";
import { applyKustomized } from "./kustomize";
import { memoryByApp } from "./memory";

/** The resource that runs each image of the overlay. */
const runsIn: Record<string, [resource: string, path: string]> = {
  ...Object.fromEntries(apps.map((name) => [name, [`deployment/${name}`, ".spec.template"]])),
  "stripe-sandbox": ["statefulset/stripe-sandbox", ".spec.template"],
  backup: ["cronjob/backup-auth", ".spec.jobTemplate.spec.template"],
};

/** Applies the overlay as skaffold does, with images of this tag. */
export async function deploy(tag: string): Promise<void> {
  await execute(process.execPath, [join(root, "infra/k8s/make-secrets.mjs")]);
  const start = performance.now();
  await apply(Object.keys(runsIn).map((name) => ({ name: `eventhive/${name}`, newTag: tag })));
  await rolledOut();
  console.log(`Ready ${Math.round((performance.now() - start) / 1000)} s after kubectl apply`);
  console.log(`Memory of an idle pod, in MiB: ${await eventually(memoryByApp, { withinSeconds: 60 })}`);
}

/** Repeats the deployment with skaffold, with the same run ID or, as skaffold does by default, with a new one. */
export async function deployAgain({ hasNewRunId = false } = {}): Promise<void> {
  const images = await Promise.all(
    Object.entries(runsIn).map(async ([name, [resource, template]]) => {
      const image = await kubectl(
        "get",
        resource,
        `--output=jsonpath={${template}.spec.containers[0].image}`,
      );
      const [, repository = "", newTag = ""] = /^(.*):([^:]+)$/.exec(image) ?? [];
      return { name: `eventhive/${name}`, newName: repository, newTag };
    }),
  );
  const built = images.map(({ name, newName, newTag }) => `${name}=${newName}:${newTag}`);
  const notDeployed = "eventhive/verify=eventhive/verify:none";
  const parameters = ["--profile=ci", `--images=${[...built, notDeployed].join()}`];
  await execute("skaffold", ["deploy", ...parameters, ...(hasNewRunId ? [] : [sameRunId])], { cwd: root });
}

const apply = (images: object[]): Promise<void> =>
  applyKustomized(`overlays/${overlay}`, { images }, (objects) =>
    labelledBySkaffold(objects, { [runId]: sameRunId.split("=").at(-1) ?? "" }),
  );
