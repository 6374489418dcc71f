import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../local/program";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "charts-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the script with a `helm` that records its arguments and prints these manifests and default values. */
function check({
  guide,
  defaults,
  manifests = "",
}: {
  guide?: string;
  defaults: object;
  manifests?: string;
}) {
  const printed = `if [ "$1" = template ]; then echo '${manifests}'; else echo '${JSON.stringify(defaults)}'; fi`;
  const helm = `echo "$*" >> ${folder}/calls; cat >> ${folder}/input; ${printed}`;
  writeFileSync(join(folder, "helm"), `#!/bin/sh\n${helm}\n`);
  chmodSync(join(folder, "helm"), 0o755);
  if (guide) writeFileSync(join(folder, "guide.md"), guide);
  const parameters = [
    join(root, "infra/bootstrap.mjs"),
    join(__dirname, "check-charts.ts"),
    ...(guide ? [join(folder, "guide.md")] : []),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, {
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    encoding: "utf8",
  });
  return { status, stdout, stderr, calls: readFileSync(join(folder, "calls"), "utf8").trim().split("\n") };
}

const guide = `
helm install monitoring oci://example.org/stack --version 93.9.0 \\
  --namespace monitoring --create-namespace --set grafana.enabled=false,retention=15d
helm upgrade monitoring oci://example.org/stack --version 93.9.0 \\
  --namespace monitoring --reuse-values --values - <<END
alertmanager: { config: { route: { receiver: operator } } }
END
`;

it("renders each chart in its version, with the values of its command", () => {
  const defaults = { grafana: { enabled: true }, retention: "", alertmanager: { config: {} } };
  const { status, calls } = check({ guide, defaults });
  expect(calls).toEqual([
    "template monitoring oci://example.org/stack --version 93.9.0 --set grafana.enabled=false,retention=15d",
    "show values oci://example.org/stack --version 93.9.0",
    "template monitoring oci://example.org/stack --version 93.9.0 --values -",
    "show values oci://example.org/stack --version 93.9.0",
  ]);
  expect(readFileSync(join(folder, "input"), "utf8")).toContain("receiver: operator");
  expect(status).toBe(0);
});

it("fails for a value that the chart does not have", () => {
  const renamed = { grafana: { on: true }, retention: "", alertmanager: { configuration: {} } };
  const { status, stdout } = check({ guide, defaults: renamed });
  expect(stdout).toBe(
    "oci://example.org/stack 93.9.0: has no grafana.enabled\n" +
      "oci://example.org/stack 93.9.0: has no alertmanager.config.route.receiver\n",
  );
  expect(status).toBe(1);
});

it("fails for an alert about what cannot be monitored, which was disabled by another name", () => {
  const defaults = { grafana: { enabled: true }, retention: "", alertmanager: { config: {} } };
  const rules = (...names: string[]) =>
    names.map((name) => `    - alert: ${name}\n      expr: "1"`).join("\n");
  const wanted = rules("KubeJobFailed", "KubeCPUQuotaOvercommit", "KubeNodeNotReady");
  expect(check({ guide, defaults, manifests: wanted }).status).toBe(0);
  const manifests = rules("KubeletDown", "etcdNoLeader", "KubeCPUOvercommit", "KubeJobFailed");
  const { status, stdout } = check({ guide, defaults, manifests });
  expect(stdout).toBe(
    "oci://example.org/stack 93.9.0: still has the alerts KubeletDown, etcdNoLeader, KubeCPUOvercommit\n" +
      "oci://example.org/stack 93.9.0: rendered\n", // an upgrade that keeps the values of the installation
  );
  expect(status).toBe(1);
});

it("finds every chart of the guide, with its values files", () => {
  const { status, stdout, calls } = check({ defaults: {} });
  const commands = readFileSync(join(root, "docs/operating.md"), "utf8").match(
    /\bhelm (install|template|upgrade)\b.*oci:/g,
  );
  expect(stdout.trim().split("\n")).toHaveLength(commands?.length ?? 0);
  expect(calls.join("\n")).toMatch(/--values \S+\/kube-prometheus-stack\.yaml$/m);
  expect(calls.join("\n")).toMatch(/--set mode=deployment,image\.repository=\S+$/m);
  expect(status).toBe(0);
});
