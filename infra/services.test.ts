import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { scripts } from "../package.json";
import { root } from "./local/program";
import { databaseServices, serviceNames } from "./services";

/** Names the publisher and the consumers of each subject. */
const contract = "common/src/contract/asyncapi.ts";

it("lists every service once: in the workspaces of package.json", () => {
  const files = execFileSync("git", ["ls-files", "*.ts", "*.mjs", "*.js", "*.sh"], {
    cwd: root,
    encoding: "utf8",
  });
  const copies = files
    .trim()
    .split("\n")
    .filter((path) => path !== contract)
    .filter((path) => listsAllServices(readFileSync(join(root, path), "utf8")));
  expect(copies).toEqual([]);
  expect(
    Object.values(scripts).filter((script) => serviceNames.every((name) => script.includes(name))),
  ).toEqual([]);
  expect(listsAllServices(JSON.stringify(["common", ...serviceNames]))).toBe(true);
  expect(listsAllServices(`for service in ${databaseServices.join(" ")}; do`)).toBe(true);
});

/** Whether an array or a shell loop contains all services with a database. */
function listsAllServices(text: string): boolean {
  const lists = [...text.matchAll(/\[[^[\]]*\]|\bfor \w+ in [^;\n]*/g)].map(([list]) =>
    list.split(/[\s,;[\]]+/),
  );
  return lists.some((items) =>
    databaseServices.every((name) => items.includes(name) || items.includes(`"${name}"`)),
  );
}
