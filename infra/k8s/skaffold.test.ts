import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../local/program";
import { containerOf, render, type Workload } from "./render";
import { hasImagesSet, labelledBySkaffold, runId, sameRunId } from "./skaffold";

const templatesOf = (workloads: Workload[], kind: string) =>
  workloads.filter((workload) => workload.kind === kind).map(({ spec }) => spec);

it("a second deployment changes only the label on a store's object, even without a fixed run ID", async () => {
  const { workloads } = await render("gke");
  const [first, second] = ["1", "2"].map((id) => labelledBySkaffold(workloads, { [runId]: id }));
  if (!first || !second) throw new Error("unreachable");
  expect(templatesOf(second, "StatefulSet")).toEqual(templatesOf(workloads, "StatefulSet"));
  expect(second.map(({ metadata }) => metadata.labels?.[runId])).toEqual(workloads.map(() => "2")); // for its status check
  expect(templatesOf(second, "Deployment")).not.toEqual(templatesOf(first, "Deployment"));
});

it.each(["local", "ci", "gke"])("sets the tags of all our images in the overlay %s", async (overlay) => {
  const ours = (await render(overlay)).workloads.filter((workload) =>
    containerOf(workload).image.startsWith("eventhive/"),
  );
  expect(ours.length).toBeGreaterThanOrEqual(6);
  expect(ours.filter((workload) => !hasImagesSet(workload))).toEqual([]);
});

it("every deployment of the pipelines and the guide has the fixed run ID", () => {
  const files = [
    "skaffold.yaml",
    "docs/operating.md",
    ".github/workflows/ci.yml",
    ".github/workflows/deploy-to.yml",
  ];
  const commands = files.map(
    (file) => readFileSync(join(root, file), "utf8").match(/skaffold (?:deploy|run) -p .*/g) ?? [],
  );
  for (const found of commands) expect(found).not.toEqual([]);
  expect(commands.flat().filter((command) => !command.includes(sameRunId))).toEqual([]);
});
