import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { findService, readRoutes } from "../local/routes";
import { render } from "./render";

jest.setTimeout(30_000);

interface HttpRoute {
  spec: {
    rules: { matches: { path: { type: string; value: string } }[]; backendRefs: { name: string }[] }[];
  };
}

const file = (path: string) => readFileSync(join(__dirname, path), "utf8");

it("the gateway has the routes of the ingress", () => {
  const { spec }: HttpRoute = parse(file("components/gateway/http-route.yaml"));
  const routes = spec.rules.flatMap(({ matches, backendRefs }) =>
    matches.map(({ path }) => {
      expect(path.type).toBe("PathPrefix");
      return { path: path.value.replace(/\/$/, ""), service: backendRefs.map(({ name }) => name).join() };
    }),
  );
  expect(routes).toEqual(expect.arrayContaining(readRoutes()));
  expect(routes).toHaveLength(readRoutes().length);
});

it("the pages ask the services that the routes lead to", () => {
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

it("needs no annotations, and takes its host and certificate from PUBLIC_URL", async () => {
  const { all, configMaps } = await render("gke");
  const settings = configMaps.find(({ metadata }) => metadata.name.startsWith("settings-"));
  const { host } = new URL(settings?.data.PUBLIC_URL ?? "");
  const ingress = all.find(({ kind }) => kind === "Ingress");
  expect(ingress?.metadata).not.toHaveProperty("annotations");
  expect(ingress).toMatchObject({
    spec: { rules: [{ host }], tls: [{ hosts: [host], secretName: "eventhive-tls" }] },
  });
  const certificate = all.find(({ kind }) => kind === "Certificate");
  expect(certificate).toMatchObject({ spec: { dnsNames: [host], secretName: "eventhive-tls" } });
});

it("moves to a gateway with the same host and certificate, and sends whoever comes without HTTPS there", async () => {
  const { all, configMaps } = await render("gke", ["gateway", "gateway-tls"]);
  const settings = configMaps.find(({ metadata }) => metadata.name.startsWith("settings-"));
  const { host } = new URL(settings?.data.PUBLIC_URL ?? "");
  expect(all.find(({ kind }) => kind === "Gateway")).toMatchObject({
    spec: {
      listeners: [
        { name: "http", port: 80 },
        { name: "https", port: 443, tls: { certificateRefs: [{ name: "eventhive-tls" }] } },
      ],
    },
  });
  const routes = all.filter(({ kind }) => kind === "HTTPRoute");
  expect(routes).toEqual([
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
