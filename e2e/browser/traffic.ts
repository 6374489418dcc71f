import type { Response } from "playwright-core";
import type { ObservedResponse } from "../../common/test/documented-responses";
import { problemOf } from "../check-responses";

/** The responses of services to requests of pages: each must be one that an OpenAPI document describes. */
export class Traffic {
  private readonly received: Promise<ObservedResponse | undefined>[] = [];

  add(response: Response): void {
    if (pathOf(response).startsWith("/api/")) this.received.push(read(response));
  }

  /** Call it when the pages are closed. */
  async mustBeDocumented(): Promise<void> {
    const responses = await Promise.all(this.received);
    const problems = responses.flatMap((response) => (response && problemOf(response)) ?? []);
    if (problems.length > 0) throw new Error(`Not as documented:\n${problems.join("\n")}`);
  }
}

const pathOf = (response: Response): string => new URL(response.url()).pathname;

/** @returns undefined for a response that the test made up, and one whose page was left or closed, which keeps no bodies */
async function read(response: Response): Promise<ObservedResponse | undefined> {
  try {
    if (!(await response.serverAddr())) return undefined;
    const headers = await response.allHeaders();
    const isStream = headers["content-type"]?.startsWith("text/event-stream"); // which has no end
    return {
      method: response.request().method(),
      path: pathOf(response),
      status: response.status(),
      header: (name) => headers[name.toLowerCase()],
      body: isStream ? "" : await response.text(),
    };
  } catch {
    return undefined;
  }
}
