import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type CallExpression, type Expression, parseSync } from "@swc/core";
import { root } from "../infra/local/program";

/** The full names of the tests in a file, and in the suites that it imports. A placeholder matches any text. */
export function testNames(file: string): RegExp[] {
  const { body } = parseSync(readFileSync(join(root, file), "utf8"), { syntax: "typescript" });
  const imported = body.flatMap((item) =>
    item.type === "ImportDeclaration" && isSuite(item.source.value)
      ? testNames(join(dirname(file), `${item.source.value}.ts`))
      : [],
  );
  return [...imported, ...namesIn(body, [])];
}

/** Suites that several test files share are named so. */
const isSuite = (from: string) => /^\..*-contract$/.test(from);

/** @param outer the titles of what the node is in */
function namesIn(node: unknown, outer: string[]): RegExp[] {
  if (typeof node !== "object" || node === null) return [];
  if (isCall(node)) {
    const caller = nameOf(node.callee);
    const [first, ...others] = node.arguments;
    const titles = [...outer, titleOf(first?.expression)];
    // The function around it may be called within another `describe`.
    if (caller === "it") return [new RegExp(`^(.+ )?${titles.join(" ")}$`)];
    if (caller === "describe") return namesIn(others, titles);
  }
  return Object.values(node).flatMap((child) => namesIn(child, outer));
}

const isCall = (node: object): node is CallExpression => "type" in node && node.type === "CallExpression";

/** The function that is called in the end: `it` of `it.each(rows)("adds %i", add)`. */
function nameOf(callee: CallExpression["callee"] | Expression): string | undefined {
  if (callee.type === "Identifier") return callee.value;
  if (callee.type === "MemberExpression") return nameOf(callee.object);
  if (callee.type === "CallExpression") return nameOf(callee.callee);
  return callee.type === "TaggedTemplateExpression" ? nameOf(callee.tag) : undefined;
}

function titleOf(expression: Expression | undefined): string {
  if (expression?.type === "StringLiteral") return pattern(expression.value);
  if (expression?.type !== "TemplateLiteral") return ".*";
  return expression.quasis.map(({ cooked }) => pattern(cooked ?? "")).join(".*");
}

/** Jest fills in `%s`, `$name` and the like. */
const pattern = (title: string) =>
  title
    .split(/%[sdijpof#]|\$[a-z]\w*/)
    .map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`))
    .join(".*");
