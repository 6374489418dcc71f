import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { findTool, prometheus } from "../../infra/k8s/find-tool";
import { freePort } from "../../infra/local/port";
import { root } from "../../infra/local/program";
import { eventually } from "../../common/src/testing/eventually";
import { namespace, pods } from "./cluster";

interface Alert {
  state: "pending" | "firing";
  labels: Record<string, string>;
}

export interface Prometheus {
  /** The labels of firing alerts. */
  firing(): Promise<Alert["labels"][]>;
  /** The value of each series of an expression. */
  query(expression: string): Promise<number[]>;
  stop(): Promise<void>;
}

const scrapedPods = async () =>
  (await pods()).filter(({ metadata: { labels } }) => labels.role === "service" && labels.app !== "client");

/** Starts Prometheus outside the cluster. It scrapes the pods of the ServiceMonitor and evaluates our alerts. */
export async function startPrometheus(): Promise<Prometheus> {
  const binary = await findTool(prometheus, { print: console.log });
  const folder = await mkdtemp(join(tmpdir(), "eventhive-prometheus-"));
  const read = async (file: string) =>
    parse(await readFile(join(root, "infra/k8s/components/monitoring", file), "utf8"));
  const { spec: monitor } = await read("service-monitor.yaml");
  const [endpoint] = monitor.endpoints;
  const config = {
    global: { scrape_interval: endpoint.interval, evaluation_interval: endpoint.interval },
    rule_files: ["rules.yaml"],
    scrape_configs: [
      {
        job_name: "eventhive",
        metrics_path: endpoint.path,
        // By address, because Debian's Prometheus has no Kubernetes service discovery. Like the ServiceMonitor, this includes
        // pods that are not ready.
        static_configs: (await scrapedPods()).map(({ metadata, status }) => ({
          targets: [`${status.podIP}:3000`],
          labels: { namespace, app: metadata.labels.app, pod: metadata.name },
        })),
      },
    ],
  };
  await writeFile(join(folder, "prometheus.yml"), stringify(config));
  await writeFile(join(folder, "rules.yaml"), stringify((await read("alerts.yaml")).spec));

  const address = `127.0.0.1:${await freePort()}`;
  const flags = [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=${address}`,
  ];
  const server: ChildProcess = spawn(binary, flags, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  server.stderr?.on("data", (text: Buffer) => (log += text.toString()));
  const request = async <Data>(path: string): Promise<Data> => {
    const response = await fetch(`http://${address}/api/v1/${path}`);
    const { data }: { data: Data } = JSON.parse(await response.text());
    return data;
  };
  await eventually(() => request("status/buildinfo"), { withinSeconds: 60 }).catch(() => {
    throw new Error(`Prometheus did not start:\n${log}`);
  });

  return {
    firing: async () => {
      const { alerts } = await request<{ alerts: Alert[] }>("alerts");
      return alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels);
    },
    query: async (expression) => {
      const path = `query?${new URLSearchParams({ query: expression }).toString()}`;
      const { result } = await request<{ result: { value: [number, string] }[] }>(path);
      return result.map(({ value: [, value] }) => Number(value));
    },
    stop: async () => {
      const exited = new Promise((resolve) => server.once("exit", resolve));
      server.kill();
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}
