import { type AxeResults, source } from "axe-core";
import type { Page } from "playwright-core";

const onlyViolations = {
  resultTypes: ["violations"],
  preload: false,
  // Next.js removes the title for a moment when it renders a page again. `titleOf` waits for it.
  rules: { "document-title": { enabled: false } },
};

/** The page's accessibility violations, by all rules or only the given ones. */
export async function violations(page: Page, ...rules: string[]): Promise<string[]> {
  const options = rules.length > 0 ? { ...onlyViolations, runOnly: rules } : onlyViolations;
  // Evaluated by the debugger, so the page's policy does not block it.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(source);
  const results = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(options)})`);
  return results.violations.flatMap(({ id, impact, help, nodes }) =>
    nodes.map(
      ({ html, failureSummary }) => `${impact ?? "?"} ${id}: ${help}\n${html}\n${failureSummary ?? ""}`,
    ),
  );
}
