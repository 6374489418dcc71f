import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findService, readRoutes } from "./routes";
import { temporaryFolder } from "../jest/temporary-folder";

it.each([
  ["/api/users/signup", "auth"],
  ["/api/tickets", "tickets"],
  ["/api/tickets?sort=price", "tickets"],
  ["/api/tickets/", "tickets"],
  ["/api/orders/65f0/stream", "orders"],
  ["/api/payments", "payments"],
  ["/", "client"],
  ["/orders/65f0", "client"],
])("sends %s to %s, as the ingress manifest specifies", (path, service) => {
  expect(findService(readRoutes(), path)).toBe(service);
});

it.each(["/api/tickets2", "/api/ticketsfoo/1", "/api/Tickets", "/api", "/readyz", "/metrics"])(
  "does not route %s to a service, because prefixes match whole path elements",
  (path) => {
    expect(findService(readRoutes(), path)).toBe("client");
  },
);

it("prefers the longest prefix, independent of its position in the manifest", () => {
  const routes = readRoutes(
    manifest([path("/", "client"), path("/api", "old"), path("/api/tickets", "tickets")]),
  );
  expect(findService(routes, "/api/tickets/1")).toBe("tickets");
  expect(findService(routes, "/api/else")).toBe("old");
});

it("rejects a manifest with paths that it cannot route like the cluster", () => {
  const file = manifest([path("/api/(.*)", "tickets", "ImplementationSpecific")]);
  expect(() => readRoutes(file)).toThrow("/api/(.*) is ImplementationSpecific");
});

function path(prefix: string, name: string, pathType = "Prefix") {
  return { path: prefix, pathType, backend: { service: { name, port: { name: "http" } } } };
}

function manifest(paths: object[]): string {
  const file = join(temporaryFolder("ingress"), "ingress.yaml");
  writeFileSync(file, JSON.stringify({ spec: { rules: [{ http: { paths } }] } })); // YAML too
  return file;
}
