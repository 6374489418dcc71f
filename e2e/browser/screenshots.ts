import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser } from "playwright-core";
import { stackFile } from "../stack";
import stopStack from "../stop-stack";
import { launch, screens } from "./chromium";
import { Marketplace } from "./marketplace";
import start from "./start";
import { type State, open, states } from "./states";

const colorSchemes = ["light", "dark"] as const;
const [given = ".eventhive/screenshots", ...names] = process.argv.slice(2);
const folder = resolve(given);
const shown = states.filter(({ name }) => names.length === 0 || names.includes(name));

/** npm run screenshots [FOLDER [STATE…]] takes pictures of every state that users can see, from a stack of its own. */
async function takeAll(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const browser = await launch();
  const market = await Marketplace.open();
  for (const state of shown) await take(state, browser, market);
  await browser.close();
  console.log(`${shown.length} states, each on a phone and a desktop, light and dark: ${folder}`);
}

async function take(state: State, browser: Browser, market: Marketplace): Promise<void> {
  const context = await browser.newContext({ baseURL: stackFile().url, locale: "en-US" });
  const page = await context.newPage();
  await open(state, page, market, async () => {
    for (const [screen, size] of Object.entries(screens)) {
      await page.setViewportSize(size);
      for (const colorScheme of colorSchemes) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({
          path: join(folder, `${state.name}.${screen}.${colorScheme}.png`),
          fullPage: true,
        });
      }
    }
  });
  await context.close();
  console.log(state.name);
}

async function run(): Promise<void> {
  const isOurs = !process.env.E2E_DATA;
  process.env.E2E_DATA ??= mkdtempSync(join(tmpdir(), "eventhive-screenshots-"));
  console.log(`Starting the stack in ${process.env.E2E_DATA}…`);
  try {
    await start();
    await takeAll();
  } finally {
    await stopStack();
    if (isOurs) rmSync(process.env.E2E_DATA, { recursive: true });
  }
}

run().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
