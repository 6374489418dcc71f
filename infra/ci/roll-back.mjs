// Rolls a cluster's Deployments back to recorded revisions:
//   node infra/ci/roll-back.mjs record FILE    before a deployment
//   node infra/ci/roll-back.mjs undo FILE      after one that failed
// Databases and the broker are not rolled back, because their data cannot be; neither are routes and network policies.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const [, , command, file] = process.argv;
if (command === "record") writeFileSync(file, JSON.stringify(revisions()));
else if (command === "undo") undo(JSON.parse(readFileSync(file, "utf8")));
else throw new Error("Usage: node infra/ci/roll-back.mjs record|undo FILE");

/**
 * A plain `rollout undo` would also roll back Deployments that this deployment did not change. If one rollback fails, the
 * others continue.
 */
function undo(recorded) {
  const changed = Object.entries(revisions()).filter(([name, revision]) => recorded[name] !== revision);
  for (const [name] of changed.filter(([name]) => !(name in recorded)))
    console.log(`${name} is new and has no earlier revision`);

  const old = changed.map(([name]) => name).filter((name) => name in recorded);
  const commands = [
    ...old.map((name) => ["rollout", "undo", `deployment/${name}`, `--to-revision=${recorded[name]}`]),
    ...old.map((name) => ["rollout", "status", `deployment/${name}`, "--timeout=300s"]),
  ];
  for (const command of commands) {
    try {
      kubectl(...command);
    } catch (error) {
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}

function revisions() {
  const { items } = JSON.parse(kubectl("get", "deployments", "--output=json"));
  return Object.fromEntries(
    items.map(({ metadata }) => [metadata.name, metadata.annotations["deployment.kubernetes.io/revision"]]),
  );
}

function kubectl(...parameters) {
  const namespace = `--namespace=${process.env.NAMESPACE ?? "eventhive"}`;
  return execFileSync("kubectl", [namespace, ...parameters], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}
