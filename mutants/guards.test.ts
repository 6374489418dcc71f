import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../infra/local/program";
import { guards } from "./guards";

it.each(guards)("$guard: what the mutant replaces is there, once", ({ file, change }) => {
  const source = readFileSync(join(root, file), "utf8");
  for (const text of Object.keys(change)) expect(source.split(text)).toHaveLength(2);
});

it("each mutant has a name of its own", () => {
  const names = guards.map(({ guard }) => guard);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
