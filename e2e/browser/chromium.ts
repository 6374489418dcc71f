import { type Browser, chromium, type Page } from "playwright-core";
import { eventually } from "../eventually";

const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const screens = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

export const launch = (executablePath = process.env.CHROMIUM): Promise<Browser> =>
  chromium.launch({ executablePath, args: [...flags, ...quiet] });

/** Resolves when React has taken the page over. */
export async function hydrated(page: Page): Promise<void> {
  // Asked anew each time: the policy of our pages lets nothing look for itself from within, as waitForFunction does.
  await eventually(async () => {
    if (!(await page.evaluate(isReacts))) throw new Error(`${page.url()} has not come to life`);
  });
}

const isReacts = 'Object.keys(document.body).some((key) => key.startsWith("__reactProps"))';
