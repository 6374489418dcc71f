import { join } from "node:path";
import { execute } from "./execute";
import { binFolder } from "./find-server";
import { firstThatRuns, firstThatWorks, foldersOnPath, type Search } from "./first-that-works";
import { requireReachable } from "./install";
import { root } from "./program";

/** The shells come first: a page costs them a third of the processor time, since they draw no window around it. */
const names = [
  "chromium-headless-shell",
  "chrome-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];
const onMacOs = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
const downloads = { ...process.env, PLAYWRIGHT_BROWSERS_PATH: join(binFolder, "browsers") };

/** The path of a Chromium that runs on this machine. It is installed if necessary. */
export async function findBrowser(search: Search = {}): Promise<string> {
  const located = await locateBrowser();
  if (located) return located;
  if (process.env.CHROMIUM)
    throw new Error(`CHROMIUM is set to ${process.env.CHROMIUM}, which cannot be started`);
  const { signal } = search;
  return firstThatWorks(
    {
      title: "Chromium",
      tried: [
        "CHROMIUM: not set",
        `${names.join(", ")} on the PATH: none that runs`,
        "what Playwright has downloaded: none that runs",
      ],
      ways: [
        ["Playwright's download", () => download(signal)],
        ["apt-get", () => installPackage(signal)],
      ],
      installHint: "install Chromium or Google Chrome, or set CHROMIUM to its path",
    },
    search,
  );
}

/** CHROMIUM, or a browser in one of the usual places, if it runs. */
export async function locateBrowser(): Promise<string | undefined> {
  const { CHROMIUM } = process.env;
  if (CHROMIUM) return firstThatRuns([CHROMIUM]);
  const onPath = names.flatMap((name) => foldersOnPath().map((folder) => join(folder, name)));
  return (
    (await firstThatRuns([...onPath, onMacOs])) ??
    firstThatRuns([await pathOfPlaywrights(process.env), await pathOfPlaywrights(downloads)])
  );
}

async function download(signal?: AbortSignal): Promise<string> {
  await requireReachable("https://cdn.playwright.dev");
  const installer = join(root, "node_modules/playwright-core/cli.js");
  await execute(process.execPath, [installer, "install", "--no-shell", "chromium"], {
    env: downloads,
    signal,
  });
  return mustRun(await pathOfPlaywrights(downloads));
}

async function installPackage(signal?: AbortSignal): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error("requires root");
  const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, signal };
  await execute("apt-get", ["update"], options);
  const packages = ["chromium-headless-shell", "fonts-liberation"];
  const flags = ["-y", "--no-install-recommends", "--option=DPkg::Lock::Timeout=120"]; // waits for other apt processes
  await execute("apt-get", ["install", ...flags, ...packages], options);
  return mustRun(...foldersOnPath().map((folder) => join(folder, "chromium-headless-shell")));
}

async function mustRun(...paths: string[]): Promise<string> {
  const found = await firstThatRuns(paths);
  if (!found) throw new Error("the installed browser cannot be started");
  return found;
}

/** The path of Playwright's Chromium. Playwright reads its variables only once, at the start. */
async function pathOfPlaywrights(env: NodeJS.ProcessEnv): Promise<string> {
  const script = 'console.log(require("playwright-core").chromium.executablePath())';
  return (await execute(process.execPath, ["-e", script], { cwd: root, env })).trim();
}
