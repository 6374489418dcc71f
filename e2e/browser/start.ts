import { findBrowser } from "../../infra/local/find-browser";
import { startStack } from "../start-stack";
import { reservationSeconds } from "./stack-controls";

/**
 * One process per service, and reservations that outlast a test. A request of payments waits for its decision even on a busy
 * machine: answered before it, the page would repeat the request, and tests count them.
 */
export default async function start(): Promise<void> {
  process.env.CHROMIUM = await findBrowser({ print: console.log });
  await startStack({
    REPLICAS: "1",
    EXPIRATION_SECONDS: String(reservationSeconds),
    STRIPE_TIMEOUT_SECONDS: "10",
    CHARGE_RETRY_SECONDS: "10",
  });
}
