import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { byLength, findService, readRoutes } from "../local/routes";
import { render, type Manifest } from "./render";

interface HttpRoute {
  spec: {
    rules: { matches: { path: { type: string; value: string } }[]; backendRefs: { name: string }[] }[];
  };
}

interface TargetingPolicy extends Manifest {
  spec: { targetRef: { group: string; kind: string; name: string }; default: object };
}

const file = (path: string) => readFileSync(join(__dirname, path), "utf8");

function gatewayRoutes() {
  const { spec }: HttpRoute = parse(file("components/gateway/http-route.yaml"));
  const routes = spec.rules.flatMap(({ matches, backendRefs }) =>
    matches.map(({ path }) => {
      expect(path.type).toBe("PathPrefix");
      return { path: path.value.replace(/\/$/, ""), service: backendRefs.map(({ name }) => name).join() };
    }),
  );
  return routes.toSorted(byLength);
}

it("the gateway has the routes of the ingress", () => {
  const routes = gatewayRoutes();
  expect(routes).toEqual(expect.arrayContaining(readRoutes()));
  expect(routes).toHaveLength(readRoutes().length);
});

it.each([
  ["ingress", readRoutes],
  ["gateway", gatewayRoutes],
])("the %s passes Stripe's webhook to payments", (_, routes) => {
  expect(findService(routes(), "/api/payments/webhook")).toBe("payments");
});

it("the client's settings name the services of the routes", () => {
  const settings = Object.fromEntries(
    file("base/settings.env")
      .trim()
      .split("\n")
      .map((line) => line.split("=")),
  );
  for (const [path, name] of [
    ["/api/users", "AUTH_URL"],
    ["/api/tickets", "TICKETS_URL"],
    ["/api/orders", "ORDERS_URL"],
    ["/api/payments", "PAYMENTS_URL"],
  ] as const)
    expect(settings[name]).toBe(`http://${findService(readRoutes(), path)}`);
});

it("GKE's gateway serves the host of PUBLIC_URL with its certificate, at the reserved address", async () => {
  const { all, host } = await renderWithHost();
  expect(specOf(all, "Gateway")).toMatchObject({
    gatewayClassName: "gke-l7-global-external-managed",
    addresses: [{ type: "NamedAddress", value: "eventhive" }],
    listeners: [
      { name: "http", port: 80 },
      { name: "https", port: 443, tls: { certificateRefs: [{ name: "eventhive-tls" }] } },
    ],
  });
  expect(specOf(all, "Certificate")).toMatchObject({ dnsNames: [host], secretName: "eventhive-tls" });
  expect(routesOf(all)).toEqual([
    expect.objectContaining({
      metadata: expect.objectContaining({ name: "eventhive" }),
      spec: expect.objectContaining({
        hostnames: [host],
        parentRefs: [{ name: "eventhive", sectionName: "https" }],
      }),
    }),
    expect.objectContaining({
      metadata: expect.objectContaining({ name: "to-https" }),
      spec: {
        hostnames: [host],
        parentRefs: [{ name: "eventhive", sectionName: "http" }],
        rules: [
          {
            filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 301 } }],
          },
        ],
      },
    }),
  ]);
});

it("Google's load balancer has a health check for every service with a route, does not cut streams, and logs no queries", async () => {
  const { all } = await render("gke");
  const targets = [...new Set(readRoutes().map(({ service }) => service))].toSorted();
  const policies = (kind: string) => all.filter((one) => one.kind === kind) as TargetingPolicy[];
  for (const kind of ["HealthCheckPolicy", "GCPBackendPolicy"])
    expect(policies(kind).map(({ spec }) => spec.targetRef)).toEqual(
      expect.arrayContaining(targets.map((name) => ({ group: "", kind: "Service", name }))),
    );
  expect(policies("HealthCheckPolicy")).toHaveLength(targets.length);
  for (const { spec } of policies("HealthCheckPolicy"))
    expect(spec.default).toMatchObject({
      config: {
        type: "HTTP",
        httpHealthCheck: { portSpecification: "USE_SERVING_PORT", requestPath: "/readyz" },
      },
    });
  for (const { spec } of policies("GCPBackendPolicy"))
    // 30 s by default. Queries may contain emails and the tokens of links.
    expect(spec.default).toMatchObject({ timeoutSec: 86_400, logging: { enabled: false } });
  expect(JSON.stringify(routesOf(all))).not.toContain("timeouts");
});

it("Envoy Gateway can serve instead, by two proxies with a disruption budget, without request timeouts and access logs", async () => {
  const { all } = await render("gke", { remove: ["gateway-gke"], add: ["gateway-envoy"] });
  expect(specOf(all, "Gateway")).toMatchObject({
    gatewayClassName: "envoy",
    infrastructure: {
      parametersRef: { group: "gateway.envoyproxy.io", kind: "EnvoyProxy", name: "eventhive" },
    },
  });
  expect(specOf(all, "EnvoyProxy")).toMatchObject({
    provider: { kubernetes: { envoyDeployment: { replicas: 2 }, envoyPDB: { minAvailable: 1 } } },
    telemetry: { accessLog: { disable: true } },
  });
  const [route] = routesOf(all) as unknown as HttpRoute[];
  for (const rule of route?.spec.rules ?? []) expect(rule).toMatchObject({ timeouts: { request: "0s" } });
  expect(all.filter(({ kind }) => /^(GCP|HealthCheck)/.test(kind))).toEqual([]);
});

it("the ingress can serve next to the gateway, without annotations", async () => {
  const { all, host } = await renderWithHost(["ingress", "ingress-tls"]);
  const ingress = all.find(({ kind }) => kind === "Ingress");
  expect(ingress?.metadata).not.toHaveProperty("annotations");
  expect(ingress).toMatchObject({
    spec: { rules: [{ host }], tls: [{ hosts: [host], secretName: "eventhive-tls" }] },
  });
});

async function renderWithHost(add: string[] = []) {
  const { all, configMaps } = await render("gke", { add });
  const settings = configMaps.find(({ metadata }) => metadata.name.startsWith("settings-"));
  return { all, host: new URL(settings?.data.PUBLIC_URL ?? "").host };
}

const routesOf = (all: Manifest[]) => all.filter(({ kind }) => kind === "HTTPRoute");

function specOf(all: Manifest[], kind: string): unknown {
  const [one, ...others] = all.filter((manifest) => manifest.kind === kind);
  expect(others).toEqual([]);
  return (one as { spec?: unknown } | undefined)?.spec;
}
