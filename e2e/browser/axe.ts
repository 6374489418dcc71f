import { type AxeResults, source } from "axe-core";
import type { Page } from "playwright-core";

/** What makes the page hard to use for somebody, in words; by all rules, or those that are named. */
export async function violations(page: Page, ...rules: string[]): Promise<string[]> {
  const options = rules.length > 0 ? { runOnly: rules } : {};
  await page.evaluate(source); // no script of the page: its policy does not keep it out
  const results = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(options)})`);
  return results.violations.flatMap(({ id, impact, help, nodes }) =>
    nodes.map(
      ({ html, failureSummary }) => `${impact ?? "?"} ${id}: ${help}\n${html}\n${failureSummary ?? ""}`,
    ),
  );
}
