import { type AxeResults, source } from "axe-core";
import type { Page } from "playwright-core";

/** What makes the page hard to use for somebody, in words. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(source); // no script of the page: its policy does not keep it out
  const results = await page.evaluate<AxeResults>("axe.run()");
  return results.violations.flatMap(({ id, impact, help, nodes }) =>
    nodes.map(
      ({ html, failureSummary }) => `${impact ?? "?"} ${id}: ${help}\n${html}\n${failureSummary ?? ""}`,
    ),
  );
}
