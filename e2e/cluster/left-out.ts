/** Variables that say what a cluster has or a run includes. Without one, its tests are left out. */
export const optionalVariables = [
  "GATEWAY_URL",
  "OUTSIDE_ADDRESS",
  "ALERTS",
  "LOST_BROKER",
  "AUTOSCALING",
  "HIGH_AVAILABILITY",
];

/**
 * In CI, where nobody would notice, tests are left out only if `E2E_WITHOUT` names their variables.
 * @throws if it does not
 */
export function requireNamedOmissions(env: NodeJS.ProcessEnv): void {
  const named = (env.E2E_WITHOUT ?? "").split(" ");
  const missing = optionalVariables.filter((name) => !env[name] && !named.includes(name));
  if (env.CI && missing.length > 0)
    throw new Error(`Tests would be left out: set ${missing.join(", ")}, or name them in E2E_WITHOUT`);
}
