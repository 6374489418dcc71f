import { findBrowser } from "../../infra/local/find-browser";
import { startStack } from "../start-stack";
import { reservationSeconds } from "./stack-controls";

/** One process of each service is enough, and reservations last as long as somebody needs to look at a page. */
export default async function start(): Promise<void> {
  process.env.CHROMIUM = await findBrowser({ say: console.log });
  await startStack({ REPLICAS: "1", EXPIRATION_SECONDS: String(reservationSeconds) });
}
