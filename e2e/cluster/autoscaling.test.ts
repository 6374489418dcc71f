import { person } from "../client";
import { eventually } from "../eventually";
import { kubectl, pods, rolledOut } from "./cluster";

const slowly = { withinSeconds: 300, intervalMs: 1000 };
const numberOfPods = async () => (await pods("orders")).length;

it("has more of orders while many ask, and as few as before when they are gone", async () => {
  await rolledOut();
  // By default five quiet minutes come before anybody is sent home.
  const soon = { spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 15 } } } };
  await kubectl("patch", "hpa/orders", "--type=merge", `--patch=${JSON.stringify(soon)}`);
  await eventually(async () => expect(await numberOfPods()).toBe(2), slowly);

  const buyer = await person("buyer");
  let asking = true;
  const crowd = Array.from({ length: 20 }, async () => {
    while (asking) await buyer.orders();
  });
  await eventually(async () => expect(await numberOfPods()).toBeGreaterThan(2), slowly);
  asking = false;
  await Promise.all(crowd);
  await eventually(async () => expect(await numberOfPods()).toBe(2), slowly);
}, 900_000);
