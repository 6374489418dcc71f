import type { ConsoleMessage, WebError } from "playwright-core";

/** The response's status, or why there is none. */
export type Failure = number | `net::ERR_${string}`;

/** Collects a browser's console errors, except for failures that a test expects. */
export class ConsoleErrors {
  private readonly unexpected: string[] = [];
  private readonly expected: { failure: Failure; path: string; hasOccurred: boolean }[] = [];

  expect(failure: Failure, path: string): void {
    this.expected.push({ failure, path, hasOccurred: false });
  }

  allow(failure: Failure, path: string): void {
    this.expected.push({ failure, path, hasOccurred: true });
  }

  /** An expected failure may occur more than once, but must occur. */
  mustBeExpected(): void {
    const missing = this.expected.filter(({ hasOccurred }) => !hasOccurred);
    expect({ unexpected: this.unexpected, missing }).toEqual({ unexpected: [], missing: [] });
  }

  /** Including those of hydration. */
  addUncaught(error: WebError): void {
    this.unexpected.push(String(error.error().stack));
  }

  add(message: ConsoleMessage): void {
    const [type, text, { url }] = [message.type(), message.text(), message.location()];
    if (type !== "error" && !text.includes("Content Security Policy")) return;
    const match = this.expected.find(
      ({ failure, path }) =>
        text.startsWith(`${failedToLoad}${messageOf(failure)}`) && new URL(url).pathname === path,
    );
    if (match) match.hasOccurred = true;
    else this.unexpected.push(`${type}: ${text} (${url})`);
  }
}

const failedToLoad = "Failed to load resource: ";
const messageOf = (failure: Failure) =>
  typeof failure === "number" ? `the server responded with a status of ${failure} ` : failure;
