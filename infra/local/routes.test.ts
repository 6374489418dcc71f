import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findService, readRoutes } from "./routes";

it.each([
  ["/api/users/signup", "auth"],
  ["/api/tickets", "tickets"],
  ["/api/tickets?sort=price", "tickets"],
  ["/api/tickets/", "tickets"],
  ["/api/orders/65f0/stream", "orders"],
  ["/api/payments", "payments"],
  ["/", "client"],
  ["/orders/65f0", "client"],
])("sends %s to %s, as the ingress manifest says", (path, service) => {
  expect(findService(readRoutes(), path)).toBe(service);
});

it.each(["/api/tickets2", "/api/ticketsfoo/1", "/api/Tickets", "/api", "/readyz", "/metrics"])(
  "does not take %s for a route of a service: prefixes are compared element by element",
  (path) => {
    expect(findService(readRoutes(), path)).toBe("client");
  },
);

it("prefers the longest prefix, wherever it stands in the manifest", () => {
  const routes = readRoutes(
    manifest([path("/", "client"), path("/api", "old"), path("/api/tickets", "tickets")]),
  );
  expect(findService(routes, "/api/tickets/1")).toBe("tickets");
  expect(findService(routes, "/api/else")).toBe("old");
});

it("refuses a manifest with paths that it cannot serve as the cluster would", () => {
  const file = manifest([path("/api/(.*)", "tickets", "ImplementationSpecific")]);
  expect(() => readRoutes(file)).toThrow("/api/(.*) is ImplementationSpecific");
});

function path(prefix: string, name: string, pathType = "Prefix") {
  return { path: prefix, pathType, backend: { service: { name, port: { name: "http" } } } };
}

function manifest(paths: object[]): string {
  const file = join(mkdtempSync(join(tmpdir(), "ingress-")), "ingress.yaml");
  writeFileSync(file, JSON.stringify({ spec: { rules: [{ http: { paths } }] } })); // YAML too
  return file;
}
