import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../jest/temporary-folder";

it("rolls each changed Deployment back to its recorded revision, and waits for the rollout", () => {
  const cluster = fakeCluster({ auth: "3", orders: "7" });
  cluster.rollBack("record");
  cluster.become({ auth: "4", orders: "8" });
  cluster.rollBack("undo");
  expect(cluster.changes()).toEqual([
    "--namespace=eventhive rollout undo deployment/auth --to-revision=3",
    "--namespace=eventhive rollout undo deployment/orders --to-revision=7",
    "--namespace=eventhive rollout status deployment/auth --timeout=300s",
    "--namespace=eventhive rollout status deployment/orders --timeout=300s",
  ]);
});

it("does not touch unchanged or new Deployments", () => {
  const cluster = fakeCluster({ auth: "3" });
  cluster.rollBack("record");
  cluster.become({ auth: "3", reviews: "1" });
  expect(cluster.rollBack("undo")).toBe("reviews is new and has no earlier revision\n");
  expect(cluster.changes()).toEqual([]);
});

it("rolls back the others when one rollback fails, and exits with an error", () => {
  const cluster = fakeCluster({ auth: "3", orders: "7" });
  cluster.rollBack("record");
  cluster.become({ auth: "4", orders: "8" });
  cluster.refuse("deployment/auth");
  expect(() => cluster.rollBack("undo")).toThrow("rollout undo deployment/auth");
  expect(cluster.changes()).toContain("--namespace=eventhive rollout undo deployment/orders --to-revision=7");
});

/** A fake kubectl, first on the PATH, that lists these Deployments and records its calls. */
function fakeCluster(revisions: Record<string, string>) {
  const folder = temporaryFolder("roll-back");
  const [list = "", calls = ""] = ["list.json", "calls"].map((name) => join(folder, name));
  const kubectl = (refused: string) => {
    const onChange = `echo "$@" >> ${calls}; [ "$4" != "${refused}" ]`;
    const script = `#!/bin/sh\nif [ "$2" = get ]; then cat ${list}; else ${onChange}; fi\n`;
    writeFileSync(join(folder, "kubectl"), script);
    chmodSync(join(folder, "kubectl"), 0o755);
  };
  const become = (now: Record<string, string>) => {
    const items = Object.entries(now).map(([name, revision]) => ({
      metadata: { name, annotations: { "deployment.kubernetes.io/revision": revision } },
    }));
    writeFileSync(list, JSON.stringify({ items }));
  };
  kubectl("nothing");
  become(revisions);
  return {
    become,
    refuse: kubectl,
    rollBack: (command: "record" | "undo") =>
      execFileSync(
        process.execPath,
        [join(__dirname, "roll-back.mjs"), command, join(folder, "before.json")],
        {
          env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
          encoding: "utf8",
          stdio: "pipe",
        },
      ),
    changes: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []),
  };
}
