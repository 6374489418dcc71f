import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sources } from "./fingerprint";

/** Which paths a pattern of .dockerignore excludes. */
const excludedBy = (pattern: string) =>
  new RegExp(
    `^${pattern
      .replaceAll(".", "\\.")
      .replace(/^\*\*\//, "(?:.*/)?")
      .replaceAll(/\*(?!\/\))/g, "[^/]*")}(?:/|$)`,
  );

it("digests only files that are in an image", () => {
  const lines = readFileSync(join(__dirname, "../.dockerignore"), "utf8").trim().split("\n");
  const patterns = lines.filter((line) => !/^[#!]|^\*$/.test(line)).map(excludedBy);
  expect(patterns.some((pattern) => pattern.test("client/test/a.ts"))).toBe(true);
  expect(patterns.some((pattern) => pattern.test("common/src/http/a.test.ts"))).toBe(true);
  const all = sources();
  expect(all).toContain("client/proxy.ts");
  expect(all.filter((path) => patterns.some((pattern) => pattern.test(path)))).toEqual([]);
});
