// Brings a cluster's Deployments back to what they were:
//   node infra/ci/roll-back.mjs record FILE    before a deployment
//   node infra/ci/roll-back.mjs undo FILE      after one that failed
// Databases and the broker stay as they are: data has no way back.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const [, , command, file] = process.argv;
if (command === "record") writeFileSync(file, JSON.stringify(revisions()));
else if (command === "undo") undo(JSON.parse(readFileSync(file, "utf8")));
else throw new Error("Usage: node infra/ci/roll-back.mjs record|undo FILE");

/** A plain `rollout undo` would take one that this deployment did not change back to the deployment before. */
function undo(recorded) {
  const changed = Object.entries(revisions()).filter(([name, revision]) => recorded[name] !== revision);
  for (const [name] of changed) {
    const revision = recorded[name];
    if (revision === undefined) console.log(`${name} is new and has nothing to go back to`);
    else kubectl("rollout", "undo", `deployment/${name}`, `--to-revision=${revision}`);
  }
  for (const [name] of changed) {
    if (recorded[name] !== undefined) kubectl("rollout", "status", `deployment/${name}`, "--timeout=300s");
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
