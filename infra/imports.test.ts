import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "./local/program";
import { serviceNames as services } from "./services";

/** The folders of `common/src`, lowest layer first. A file imports only from its own folder and from lower layers. */
const layers = [["contract"], ["base"], ["messaging", "database", "http"], ["service"], ["testing"]];

interface Import {
  file: string;
  target: string;
}

/** The imports of a folder's product files. Packages of this repository are given as their folders. */
function importsOf(folder: string): Import[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => {
      const file = join(folder, path);
      const specifiers = readFileSync(join(root, file), "utf8").matchAll(
        /(?:from|import\(|import) ?"([^"]+)"/g,
      );
      return Array.from(specifiers, ([, specifier = ""]) => ({
        file,
        target: specifier.startsWith(".")
          ? relative(root, join(root, dirname(file), specifier))
          : specifier.replace(/^@eventhive\//, ""),
      }));
    });
}

const isIn = (folder: string, path: string) => path === folder || path.startsWith(`${folder}/`);
const isTest = ({ file }: Import) => file.endsWith(".test.ts");

it.each(services)("%s imports no other service: services only share events", (name) => {
  const imports = importsOf(`${name}/src`);
  expect(imports.some(({ target }) => isIn("common", target))).toBe(true); // otherwise, no imports were found
  const others = services.filter((other) => other !== name);
  expect(imports.filter(({ target }) => others.some((other) => isIn(other, target)))).toEqual([]);
});

it("common imports no service", () => {
  const imports = importsOf("common/src");
  expect(imports.filter(({ target }) => services.some((name) => isIn(name, target)))).toEqual([]);
});

it.each(layers.flat())("common/src/%s imports only from lower layers", (folder) => {
  const lower = layers
    .slice(
      0,
      layers.findIndex((layer) => layer.includes(folder)),
    )
    .flat();
  const allowed = [folder, ...lower].map((name) => `common/src/${name}`);
  const imports = importsOf(`common/src/${folder}`).filter((one) => !isTest(one));
  const inside = imports.filter(({ target }) => isIn("common", target));
  expect(inside.filter(({ target }) => !allowed.some((name) => isIn(name, target)))).toEqual([]);
});

it("the payment sandbox imports nothing else of this repository: it must not share mistakes with payments", () => {
  const imports = importsOf("infra/stripe-sandbox").filter((one) => !isTest(one));
  expect(imports.some(({ target }) => target === "express")).toBe(true); // otherwise, no imports were found
  const isOurs = ({ target }: Import) => existsSync(join(root, target.split("/")[0] ?? ""));
  const outside = imports.filter((one) => isOurs(one) && !isIn("infra/stripe-sandbox", one.target));
  expect(outside).toEqual([]);
});

it("covers every folder of common", () => {
  const folders = readdirSync(join(root, "common/src"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(folders.map(({ name }) => name).toSorted()).toEqual(layers.flat().toSorted());
});
