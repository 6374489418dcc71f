import type { BrowserContext, ConsoleMessage } from "playwright-core";

/** The status of the answer, or why there is none. */
export type Failure = number | `net::ERR_${string}`;

/** What the console of a browser says that it should not, but for the failures that a test expects. */
export class Complaints {
  private readonly heard: string[] = [];
  private readonly expected: { how: Failure; path: string; hasCome: boolean }[] = [];

  listenTo(context: BrowserContext): void {
    context.on("console", (message) => this.hear(message));
    // What nobody has caught, hydration that failed included.
    context.on("weberror", (error) => this.heard.push(String(error.error().stack)));
  }

  expect(how: Failure, path: string): void {
    this.expected.push({ how, path, hasCome: false });
  }

  /** Each failure may come more than once, but must come. */
  mustBeExpected(): void {
    const missing = this.expected.filter(({ hasCome }) => !hasCome);
    expect({ heard: this.heard, missing }).toEqual({ heard: [], missing: [] });
  }

  private hear(message: ConsoleMessage): void {
    const [type, text, { url }] = [message.type(), message.text(), message.location()];
    if (type !== "error" && !text.includes("Content Security Policy")) return;
    const failure = this.expected.find(
      ({ how, path }) => text.startsWith(`${failedToLoad}${inWords(how)}`) && new URL(url).pathname === path,
    );
    if (failure) failure.hasCome = true;
    else this.heard.push(`${type}: ${text} (${url})`);
  }
}

const failedToLoad = "Failed to load resource: ";
const inWords = (how: Failure) =>
  typeof how === "number" ? `the server responded with a status of ${how} ` : how;
