import { databaseServices } from "../../infra/services";
import { bodyOf, newUser } from "../client";
import { kubectl, rolledOut } from "./cluster";
import { commands, run } from "./guide";

const key = () => kubectl("get", "secret", "sessions", "--output=jsonpath={.data.JWT_KEY}");
let original: string;

beforeAll(async () => {
  await rolledOut();
  original = await key();
}, 120_000);

afterAll(async () => {
  // As in the overlay, which later runs apply again.
  const data = { JWT_KEY: original, JWT_PREVIOUS_KEY: null };
  await kubectl("patch", "secret", "sessions", "--patch", JSON.stringify({ data }));
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
