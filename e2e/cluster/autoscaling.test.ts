import { newUser } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { kubectl, pods, rolledOut } from "./cluster";

const slowly = { withinSeconds: 300, intervalMs: 1000 };
const numberOfPods = async () => (await pods("orders")).length;

it("adds processes of orders under load, and removes them afterwards", async () => {
  await rolledOut();
  // By default, scaling down starts after five minutes.
  const soon = { spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 15 } } } };
  await kubectl("patch", "hpa/orders", "--type=merge", `--patch=${JSON.stringify(soon)}`);
  await eventually(async () => expect(await numberOfPods()).toBe(2), slowly);

  const buyer = await newUser("buyer");
  let isActive = true;
  const clients = Array.from({ length: 20 }, async () => {
    while (isActive) await buyer.orders();
  });
  await eventually(async () => expect(await numberOfPods()).toBeGreaterThan(2), slowly);
  isActive = false;
  await Promise.all(clients);
  await eventually(async () => expect(await numberOfPods()).toBe(2), slowly);
}, 900_000);
