import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../infra/local/program";
import { mutants as modelMutants } from "../spec/mutants";
import { guards } from "./guards";

it.each(guards)("$guard: the text to replace occurs exactly once", ({ file, change }) => {
  const source = readFileSync(join(root, file), "utf8");
  for (const text of Object.keys(change)) expect(source.split(text)).toHaveLength(2);
});

it("every guard has a unique name", () => {
  const names = guards.map(({ guard }) => guard);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

it("each mutant of the payment model has one twin here", () => {
  const twins = guards.flatMap((guard) => guard.modelMutants ?? []);
  expect(twins.toSorted()).toEqual(Object.keys(modelMutants).toSorted());
});
