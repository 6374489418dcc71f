import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { onStartService } from "../common/src/service/service";
import type { ServiceDefinition } from "../common/src/service/service-definition";
import { accessOf } from "../common/src/service/user-access";
import { root } from "./local/program";
import { serviceNames } from "./services";

const definitions: ServiceDefinition[] = [];

beforeAll(async () => {
  onStartService((definition) => definitions.push(definition));
  for (const name of serviceNames) await import(join(root, name, "src/index.ts"));
});
afterAll(() => onStartService(undefined));

/** Exported functions that can be sweeps, measures or commands: without parameters, or with an abort signal. */
const runnable = /export (?:async )?function (\w+)\((?:signal\?: AbortSignal)?\): Promise<void>/g;

function runnablesOf(name: string): string[] {
  const folder = join(root, name, "src");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => readFileSync(join(folder, path), "utf8"))
    .flatMap((source) => Array.from(source.matchAll(runnable), ([, found = ""]) => found));
}

it.each(serviceNames)("%s registers each of its sweeps, measures and commands", (name) => {
  const definition = definitions.find((each) => each.name === name);
  const ofCommon = (definition && accessOf(definition)?.sweeps) ?? []; // which `startService` registers
  const sweeps = (definition?.sweeps ?? [])
    .filter((sweep) => !ofCommon.includes(sweep))
    .map((sweep) => sweep.run.name);
  const measures = (definition?.measures ?? []).map((measure) => measure.name);
  const commands = Object.values(definition?.commands ?? {}).map((command) => command.name);
  expect(runnablesOf(name).filter((each) => ![...sweeps, ...measures, ...commands].includes(each))).toEqual(
    [],
  );
  // Checks that the search finds all of them. Otherwise, a missing one would not be noticed.
  expect(runnablesOf(name)).toEqual(expect.arrayContaining([...sweeps, ...measures]));
});
