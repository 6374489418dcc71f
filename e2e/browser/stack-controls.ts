import { eventually } from "../../common/src/testing/eventually";
import { restartWith, stackFile, start, stop } from "../stack";

// Temporary changes of the shared stack, undone before the next test.

export const reservationSeconds = 60;

/** Reservations last this long for orders that are placed meanwhile. */
export async function whileReservationsLast(seconds: number, act: () => Promise<void>): Promise<void> {
  await setReservations(seconds);
  try {
    await act();
  } finally {
    await setReservations(reservationSeconds);
  }
}

/** Sessions last this long for users who sign in meanwhile. */
export async function whileSessionsLast(seconds: number, act: () => Promise<void>): Promise<void> {
  await restartWith("auth-1", { JWT_EXPIRES_IN: `${seconds}s` });
  await servicesReachable();
  try {
    await act();
  } finally {
    await restartWith("auth-1", { JWT_EXPIRES_IN: "24h" });
    await servicesReachable();
  }
}

/** Stops the service, such as `payments`, meanwhile. */
export async function without(service: string, act: () => Promise<void>): Promise<void> {
  await stop(`${service}-1`);
  try {
    await act();
  } finally {
    await start(`${service}-1`);
    await servicesReachable();
  }
}

/** The service is stopped during the tests of this file, or of the `describe` that calls this. */
export function stopDuringTests(service: string): void {
  beforeAll(() => stop(`${service}-1`));
  afterAll(async () => {
    await start(`${service}-1`);
    await servicesReachable();
  });
}

/** The client displays the duration that orders decides. */
async function setReservations(seconds: number): Promise<void> {
  await Promise.all(
    ["orders-1", "client-1"].map((name) => restartWith(name, { EXPIRATION_SECONDS: String(seconds) })),
  );
  await servicesReachable();
}

/** Resolves when the gateway routes to all services: it probes them twice a second. */
async function servicesReachable(): Promise<void> {
  const paths = ["/readyz", "/api/users/currentuser", "/api/tickets", "/api/orders", "/api/payments"];
  const statusOf = async (path: string) => (await fetch(stackFile().url + path)).status;
  await eventually(async () => {
    if ((await Promise.all(paths.map(statusOf))).includes(503))
      throw new Error("Not all services are reachable yet");
  });
}

/** New payments use charges instead of PaymentIntents in the tests of this file or `describe`. */
export function payByCharges(): void {
  beforeAll(() => setFlow("charges"));
  afterAll(() => setFlow("intents"));
}

/** New payments use charges meanwhile. */
export async function whilePayingByCharges(act: () => Promise<void>): Promise<void> {
  await setFlow("charges");
  try {
    await act();
  } finally {
    await setFlow("intents");
  }
}

async function setFlow(flow: "intents" | "charges"): Promise<void> {
  await restartWith("payments-1", { PAYMENT_FLOW: flow });
  await servicesReachable();
}

/** Uses one of Stripe's own forms in the tests of this file, instead of the form for test cards. */
export function payWithStripesForm(form: "checkout" | "payment-element" = "checkout"): void {
  const withKey = (key: string) =>
    restartWith("client-1", { STRIPE_PUBLISHABLE_KEY: key, STRIPE_FORM: form }).then(servicesReachable);
  beforeAll(() => withKey("pk_test_browser"));
  afterAll(() => withKey(""));
}
