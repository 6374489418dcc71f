import type { Response } from "playwright-core";
import { problemsOf } from "../check-responses";

/** The responses of services to requests of pages: each must be one that an OpenAPI document describes. */
export class Traffic {
  private readonly compared: Promise<string[]>[] = [];

  add(response: Response): void {
    this.compared.push(compare(response));
  }

  /** Call it when the pages are closed. */
  async mustBeDocumented(): Promise<void> {
    const problems = (await Promise.all(this.compared)).flat();
    if (problems.length > 0) throw new Error(`Not as documented:\n${problems.join("\n")}`);
  }
}

async function compare(response: Response): Promise<string[]> {
  const { pathname: path } = new URL(response.url());
  const request = response.request();
  if (!path.startsWith("/api/") || request.resourceType() === "eventsource") return []; // a stream has no end
  try {
    if (!(await response.serverAddr())) return []; // made up by the test
    const headers = await response.allHeaders();
    const header = (name: string) => headers[name.toLowerCase()];
    const body = await response.text();
    return problemsOf({ method: request.method(), path, status: response.status(), header, body });
  } catch {
    return []; // a page that was left or closed no longer has the bodies of its responses
  }
}
