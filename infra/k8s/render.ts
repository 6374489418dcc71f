import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import { execute } from "../local/execute";

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
}

interface Variable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { name: string; key: string; optional?: boolean } };
}

interface Probe {
  exec?: { command: string[] };
  httpGet?: { path: string; port: string };
  tcpSocket?: { port: string };
  periodSeconds?: number;
  failureThreshold?: number;
}

export interface Container {
  name: string;
  image: string;
  args?: string[];
  env: Variable[];
  startupProbe?: Probe;
  envFrom?: { configMapRef: { name: string } }[];
}

export interface Workload extends Manifest {
  spec: {
    replicas?: number;
    podManagementPolicy?: string;
    minReadySeconds?: number;
    strategy?: object;
    serviceName?: string;
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
      spec: {
        containers: Container[];
        terminationGracePeriodSeconds?: number;
        securityContext?: { runAsUser?: number; fsGroup?: number };
        topologySpreadConstraints?: { topologyKey: string }[];
        volumes?: { name: string; emptyDir?: object }[];
      };
    };
    volumeClaimTemplates?: { metadata: object }[];
  };
}

export interface CronJob extends Manifest {
  spec: {
    schedule: string;
    jobTemplate: {
      metadata: { labels: Record<string, string> };
      spec: {
        activeDeadlineSeconds: number;
        ttlSecondsAfterFinished?: number;
        template: {
          metadata: { labels: Record<string, string> };
          spec: { containers: [Container]; volumes: { name: string; emptyDir?: object }[] };
        };
      };
    };
  };
}

export interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values: string[] }[];
}

interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports: { port: number; protocol?: string }[];
}

export interface NetworkPolicy extends Manifest {
  spec: { podSelector: Selector; policyTypes: string[]; ingress?: Rule[]; egress?: Rule[] };
}

interface Secret extends Manifest {
  stringData: Record<string, string>;
}

interface ConfigMap extends Manifest {
  data: Record<string, string>;
}

interface Scaled extends Manifest {
  spec: { minReplicas: number; scaleTargetRef: { name: string }; metrics: object[] };
}

interface Selecting extends Manifest {
  spec: { selector: Record<string, unknown> };
}

export interface Rendered {
  all: Manifest[];
  workloads: Workload[];
  cronJobs: CronJob[];
  services: Selecting[];
  budgets: Selecting[];
  autoscalers: Scaled[];
  policies: NetworkPolicy[];
  secrets: Secret[];
  configMaps: ConfigMap[];
}

/**
 * The manifests of an overlay, with components and entries of its kustomization added, or components removed. Secrets are
 * generated anew; the secrets in this folder are neither used nor changed.
 */
export async function render(
  overlay: string,
  {
    add = [],
    remove = [],
    entries = {},
  }: { add?: string[]; remove?: string[]; entries?: Record<string, object[]> } = {},
): Promise<Rendered> {
  const { KUSTOMIZE } = process.env; // not set in the cluster suite, which has kubectl
  const folder = await mkdtemp(join(tmpdir(), "k8s-"));
  try {
    const filter = (path: string) => !path.endsWith("secrets.yaml");
    await cp(__dirname, folder, { recursive: true, filter });
    await execute(process.execPath, [join(folder, "make-secrets.mjs")]);
    const path = join(folder, "overlays", overlay);
    const kustomization: Record<string, unknown> & { components: string[] } = parse(
      await readFile(join(path, "kustomization.yaml"), "utf8"),
    );
    const kept = kustomization.components.filter((component) => !remove.includes(basename(component)));
    kustomization.components = [...kept, ...add.map((name) => `../../components/${name}`)];
    for (const [field, added] of Object.entries(entries))
      kustomization[field] = [...((kustomization[field] as object[] | undefined) ?? []), ...added];
    await writeFile(join(path, "kustomization.yaml"), stringify(kustomization));
    const printed = KUSTOMIZE
      ? await execute(KUSTOMIZE, ["build", path])
      : await execute("kubectl", ["kustomize", path]);
    const all = parseAllDocuments(printed).map((document) => document.toJS());
    const ofKind = (...kinds: string[]) => all.filter(({ kind }) => kinds.includes(kind));
    return {
      all,
      workloads: ofKind("Deployment", "StatefulSet"),
      cronJobs: ofKind("CronJob"),
      services: ofKind("Service"),
      budgets: ofKind("PodDisruptionBudget"),
      autoscalers: ofKind("HorizontalPodAutoscaler"),
      policies: ofKind("NetworkPolicy"),
      secrets: ofKind("Secret"),
      configMaps: ofKind("ConfigMap"),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const rendered = new Map<string, Promise<Rendered>>();

/** The manifests of an overlay as it is. Rendered once for the tests of a file, which must not change them. */
export function manifestsOf(overlay: string): Promise<Rendered> {
  const manifests = rendered.get(overlay) ?? render(overlay);
  rendered.set(overlay, manifests);
  return manifests;
}

export const podTemplatesOf = ({ workloads, cronJobs }: Rendered) => [
  ...workloads.map(({ spec }) => spec.template),
  ...cronJobs.map(({ spec }) => spec.jobTemplate.spec.template),
];

/** Every workload here has one container. */
export function containerOf({ metadata, spec }: Workload): Container {
  const [container, ...others] = spec.template.spec.containers;
  if (!container || others.length > 0) throw new Error(`${metadata.name} must have exactly one container`);
  return container;
}
