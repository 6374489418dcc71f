import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "../local/program";
import type { Manifest } from "./render";

interface Filter {
  groupKind: string;
  labels?: string[];
  image?: string[];
}
interface Skaffold {
  resourceSelector?: { allow?: Filter[]; deny?: Filter[] };
}

/** The label that changes with each run by default, and the parameter that fixes it. */
export const runId = "skaffold.dev/run-id";
export const sameRunId = `--label=${runId}=eventhive`;

/** The kinds that skaffold 2.19 labels by default, in all metadata except at these paths. */
const labelledByDefault = [
  "Pod",
  "Service",
  "DaemonSet.apps",
  "Deployment.apps",
  "ReplicaSet.apps",
  "StatefulSet.apps",
  "CronJob.batch",
  "Job.batch",
];
const deniedByDefault: Record<string, string> = {
  "StatefulSet.apps": ".spec.volumeClaimTemplates.metadata.labels",
  "Job.batch": ".spec.template.metadata.labels",
};

/**
 * Labels objects as `skaffold deploy` would with the settings in skaffold.yaml, for tests without a cluster and for the first
 * deployment to the test cluster, whose images skaffold has not built.
 */
export function labelledBySkaffold<Object extends Manifest>(
  objects: Object[],
  labels: Record<string, string>,
): Object[] {
  return objects.map((object) => {
    const groupKind = groupKindOf(object);
    const own = filterOf(groupKind);
    const paths = own?.labels ?? (labelledByDefault.includes(groupKind) ? [".*"] : []);
    const denied = own ? undefined : deniedByDefault[groupKind];
    const copy = structuredClone(object);
    label(copy, "", (path) => path !== denied && (paths.includes(".*") || paths.includes(path)), labels);
    return copy;
  });
}

/** Whether skaffold sets the tags of our images in such an object. */
export function hasImagesSet(object: Manifest): boolean {
  const own = filterOf(groupKindOf(object));
  return own ? (own.image ?? []).includes(".*") : true;
}

function groupKindOf({ apiVersion, kind }: Manifest): string {
  const [group = "", version] = apiVersion.split("/");
  return version ? `${kind}.${group}` : kind;
}

const { resourceSelector }: Skaffold = parse(readFileSync(join(root, "skaffold.yaml"), "utf8"));

/** The settings of a kind in skaffold.yaml, which replace all defaults. */
function filterOf(groupKind: string): Filter | undefined {
  if (resourceSelector?.deny) throw new Error("resourceSelector.deny is not supported here");
  return resourceSelector?.allow?.find((filter) => filter.groupKind === groupKind);
}

function label(
  value: unknown,
  path: string,
  isLabelled: (path: string) => boolean,
  labels: Record<string, string>,
): void {
  if (Array.isArray(value)) for (const item of value) label(item, path, isLabelled, labels);
  else if (value && typeof value === "object")
    for (const [key, child] of Object.entries(value)) {
      const at = `${path}.${key}`;
      if (key === "metadata" && isLabelled(`${at}.labels`)) child.labels = { ...child.labels, ...labels };
      else label(child, at, isLabelled, labels);
    }
}
