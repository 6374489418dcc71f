import { readFileSync } from "node:fs";
import { controlFile } from "../data-folder";
import { eventually } from "../eventually";
import { stackFile, start, stop } from "../stack";

// What a test may change about the stack for a while; all others find it as it was.

export const reservationSeconds = 60;

/** Orders made meanwhile are reserved for so long. */
export async function whileReservationsLast(seconds: number, act: () => Promise<void>): Promise<void> {
  await setReservations(seconds);
  try {
    await act();
  } finally {
    await setReservations(reservationSeconds);
  }
}

/** Who signs in meanwhile has a session for so long. */
export async function whileSessionsLast(seconds: number, act: () => Promise<void>): Promise<void> {
  await restartWith("auth-1", `JWT_EXPIRES_IN=${seconds}s`);
  await served();
  try {
    await act();
  } finally {
    await restartWith("auth-1", "JWT_EXPIRES_IN=24h");
    await served();
  }
}

/** The service, such as `payments`, is away meanwhile. */
export async function without(service: string, act: () => Promise<void>): Promise<void> {
  await stop(`${service}-1`);
  try {
    await act();
  } finally {
    await start(`${service}-1`);
    await served();
  }
}

/** The client shows the time that orders reserve for. */
async function setReservations(seconds: number): Promise<void> {
  await Promise.all(
    ["orders-1", "client-1"].map((name) => restartWith(name, `EXPIRATION_SECONDS=${seconds}`)),
  );
  await served();
}

async function restartWith(name: string, variables: string): Promise<void> {
  const response = await fetch(`${readFileSync(controlFile(), "utf8")}/${name}/set?${variables}`, {
    method: "POST",
  });
  if (!response.ok) throw new Error(`set ${name}: ${await response.text()}`);
  await stop(name);
  await start(name);
}

/** The gateway looks but twice a second who is ready. */
async function served(): Promise<void> {
  const paths = ["/readyz", "/api/users/currentuser", "/api/tickets", "/api/orders", "/api/payments"];
  const statusOf = async (path: string) => (await fetch(stackFile().url + path)).status;
  await eventually(async () => {
    if ((await Promise.all(paths.map(statusOf))).includes(503)) throw new Error("Not all is served yet");
  });
}

/** Stripe's own form stands in the tests of this file, in place of the one for test cards. */
export function payWithStripesForm(): void {
  const withKey = (key: string) => restartWith("client-1", `STRIPE_PUBLISHABLE_KEY=${key}`).then(served);
  beforeAll(() => withKey("pk_test_browser"));
  afterAll(() => withKey(""));
}
