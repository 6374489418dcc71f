import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export interface Route {
  path: string;
  service: string;
}

interface Ingress {
  spec: {
    rules: {
      http: { paths: { path: string; pathType: string; backend: { service: { name: string } } }[] };
    }[];
  };
}

/** The public routes, from the manifest of the cluster's ingress. The longest prefix comes first. */
export function readRoutes(manifest = join(__dirname, "../k8s/components/ingress/ingress.yaml")): Route[] {
  const ingress: Ingress = parse(readFileSync(manifest, "utf8"));
  return ingress.spec.rules
    .flatMap((rule) => rule.http.paths)
    .map(({ path, pathType, backend }) => {
      if (pathType !== "Prefix")
        throw new Error(`${manifest}: ${path} is ${pathType}, only Prefix is served here`);
      return { path: path.replace(/\/$/, ""), service: backend.service.name };
    })
    .toSorted(byLength);
}

/** The longest comes first. */
export const byLength = (one: Route, other: Route): number => other.path.length - one.path.length;

/** Prefix semantics of Kubernetes: by path element, so /api/users is a prefix of /api/users/1 but not of /api/users2. */
export function findService(routes: Route[], url: string): string | undefined {
  const [path = ""] = url.split("?", 1);
  return routes.find((route) => path === route.path || path.startsWith(`${route.path}/`))?.service;
}
