import { findBrowser } from "../../infra/local/find-browser";
import { startStack } from "../start-stack";
import { reservationSeconds } from "./stack-controls";

/** One process per service, and reservations that outlast a test. */
export default async function start(): Promise<void> {
  process.env.CHROMIUM = await findBrowser({ print: console.log });
  await startStack({ REPLICAS: "1", EXPIRATION_SECONDS: String(reservationSeconds) });
}
