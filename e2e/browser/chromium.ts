import { type Browser, chromium, type Page } from "playwright-core";
import { eventually } from "../../common/src/testing/eventually";

const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const screens = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

export const launch = (executablePath = process.env.CHROMIUM): Promise<Browser> =>
  chromium.launch({ executablePath, args: [...flags, ...quiet] });

// Both poll from here: the pages' policy blocks the `eval` of `waitForFunction`.

/** The page's title, once it has one of its own. */
export const titleOf = (page: Page): Promise<string> =>
  eventually(async () => {
    const title = await page.title();
    if (!/^EventHive: .|. · EventHive$/.test(title))
      throw new Error(`${page.url()} has the title "${title}"`);
    return title;
  });

/** Resolves when React has hydrated the page. */
export async function hydrated(page: Page): Promise<void> {
  await eventually(async () => {
    if (!(await page.evaluate(isHydrated))) throw new Error(`${page.url()} is not hydrated`);
  });
}

const isHydrated = 'Object.keys(document.body).some((key) => key.startsWith("__reactProps"))';
