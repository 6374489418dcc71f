import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../infra/local/program";
import { mutants as modelMutants } from "../spec/mutants";
import { guards } from "./guards";
import { testNames } from "./titles";

it.each(guards)("$guard: the text to replace occurs exactly once", ({ file, change }) => {
  const source = readFileSync(join(root, file), "utf8");
  for (const text of Object.keys(change)) expect(source.split(text)).toHaveLength(2);
});

it.each(guards)("$guard: the tests that must fail exist", ({ red }) => {
  for (const [file, names] of Object.entries(red)) {
    const existing = testNames(file);
    expect(names.filter((name) => !existing.some((pattern) => pattern.test(name)))).toEqual([]);
  }
});

it("every guard has a unique name", () => {
  const names = guards.map(({ guard }) => guard);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

it("each mutant of the payment model has one twin here", () => {
  const twins = guards.flatMap((guard) => guard.modelMutants ?? []);
  expect(twins.toSorted()).toEqual(Object.keys(modelMutants).toSorted());
});
