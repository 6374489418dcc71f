import StripeApi from "stripe";
import { eventually } from "../../common/src/testing/eventually";
import { databaseServices } from "../../infra/services";
import { bodyOf, newUser } from "../client";
import { stackFile } from "../stack";
import { kubectl, rolledOut } from "./cluster";
import { commands, run } from "./guide";

const key = () => kubectl("get", "secret", "sessions", "--output=jsonpath={.data.JWT_KEY}");
let original: string;

const patch = (secret: string, data: Record<string, string | null>) =>
  kubectl("patch", "secret", secret, "--patch", JSON.stringify({ data }));

beforeAll(async () => {
  await rolledOut();
  original = await key();
}, 120_000);

afterAll(async () => {
  // As in the overlay, which later runs apply again.
  await patch("sessions", { JWT_KEY: original, JWT_PREVIOUS_KEY: null });
  await patch("stripe", { STRIPE_WEBHOOK_SECRET: null, STRIPE_WEBHOOK_SECRET_PREVIOUS: null });
  await kubectl("rollout", "restart", "deployment", ...databaseServices);
  await rolledOut();
}, 300_000);

it("rotates the session key by the guide's commands, and signs no user out", async () => {
  const earlier = await newUser("earlier");
  const [introduce = "", use = ""] = commands("**The session key**", "**Stripe's keys.**");
  await run(introduce + use);
  await rolledOut();
  expect(await key()).not.toBe(original);
  for (const user of [earlier, await newUser("later")])
    expect((await bodyOf(user.currentUser())).currentUser).not.toBeNull();
}, 600_000);

/** The status of the response to an event with this signature, by the public route. */
async function statusOfEvent(secret: string): Promise<number> {
  const body = JSON.stringify({ id: "evt_1", object: "event", data: { object: { object: "customer" } } });
  const signature = StripeApi.webhooks.generateTestHeaderString({ payload: body, secret });
  const { status } = await fetch(`${stackFile().url}/api/payments/webhook`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Stripe-Signature": signature },
    body,
  });
  return status;
}

it("rotates the webhook's secret by the guide's commands, and accepts both until the old one is removed", async () => {
  const [older, newer, foreign] = ["whsec_older", "whsec_newer", "whsec_of_somebody_else"] as const;
  const [rotate = "", remove] = commands("**The webhook's secret**", "**A database's password**");
  /** Eventually, because the gateway may still know a process that is ending. */
  const expectStatuses = async (...expected: number[]) => {
    await rolledOut("deployment/payments");
    await eventually(
      async () => expect(await Promise.all([older, newer, foreign].map(statusOfEvent))).toEqual(expected),
      { withinSeconds: 30 },
    );
  };

  const [, register = ""] =
    /^(kubectl .*whsec_[^]*)/m.exec(commands("### Stripe's webhook", "### ").join("")) ?? [];
  await run(register.replace("whsec_…", older));
  await expectStatuses(200, 400, 400);
  await run(rotate.replace("whsec_…", newer));
  await expectStatuses(200, 200, 400);
  await run(remove);
  await expectStatuses(400, 200, 400);
}, 600_000);
