// Checks the files that `npm publish` would send: no internal files, and no missing references.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, join } from "node:path/posix";

const require = createRequire(import.meta.url);
const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const manifest = JSON.parse(read("package.json"));

const [tarball] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json"], { encoding: "utf8" }));
const files = tarball.files.map(({ path }) => path);
const code = files.filter((path) => /\.(js|d\.ts)$/.test(path));
const withoutComments = (text) => text.replaceAll(/^ *\/\*\*[^]*?\*\//gm, ""); // examples may import more

// No tests, which have a dot more in their names: "x.test.js". The sources belong to the export condition that names them.
const meant =
  /^(README\.md|CHANGELOG\.md|LICENSE|package\.json|asyncapi\.json|schemas\/[\w-]+\.json|dist\/[\w/-]+\.(js|d\.ts)|src\/[\w/-]+(\.d)?\.ts)$/;
assert.deepEqual(
  files.filter((path) => !meant.test(path)),
  [],
  "files that are not meant for others",
);
for (const path of ["README.md", "LICENSE", "asyncapi.json"]) assert(files.includes(path), `no ${path}`);
for (const path of code.filter((path) => path.endsWith(".js")))
  assert(files.includes(path.replace(/js$/, "d.ts")), `no types for ${path}`);

for (const [name, target] of Object.entries(manifest.exports).filter(([name]) => !name.includes("*"))) {
  const targets = typeof target === "string" ? { default: target } : target;
  for (const path of Object.values(targets)) assert(files.includes(path.slice(2)), `no ${path}`);
  const main = targets.default;
  const specifier = manifest.name + name.slice(1);
  assert(require.resolve(specifier).endsWith(main.slice(1)), `${specifier} resolves elsewhere`);
  assert(Object.keys(require(specifier)).length > 0, `${specifier} is empty`);
}

// By the list of files, because `require` above finds what is not packed, too.
for (const path of files.filter((name) => /\.[jt]s$/.test(name))) {
  for (const [, name] of read(path).matchAll(/(?:from|import|require\()\s*"(\.[^"]*)"/g)) {
    const target = join(dirname(path), name);
    const [ending] = /(\.d)?\.[jt]s$/.exec(path);
    const paths = [target, target + ending, `${target}/index${ending}`];
    assert(
      paths.some((one) => files.includes(one)),
      `${path} needs ${target}, which is not packed`,
    );
  }
}

const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
for (const path of code) {
  for (const [, name] of withoutComments(read(path)).matchAll(/(?:from|require\()\s*"([^."][^"]*)"/g)) {
    const [scope, rest] = name.split("/");
    const dependency = name.startsWith("@") ? `${scope}/${rest}` : scope;
    assert(
      isBuiltin(name) || dependency in declared,
      `${path} needs ${dependency}, which is not a dependency`,
    );
  }
}

process.stdout.write(
  `${tarball.name} ${tarball.version}: ${files.length} files, ${Math.round(tarball.size / 1024)} kB\n`,
);
