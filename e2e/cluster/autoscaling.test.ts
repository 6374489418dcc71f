import { newUser } from "../client";
import { eventually } from "../../common/src/testing/eventually";
import { kubectl, pods, rolledOut } from "./cluster";

const slowly = { withinSeconds: 300, intervalMs: 1000 };
/** Of the 40m that overlay ci requests: as much as production's 70% of 100m. An idle process uses about 30m. */
const averageUtilization = 175;
const numberOfPods = async () => (await pods("orders")).length;

it("adds processes of orders under load, and removes them afterwards", async () => {
  await rolledOut();
  const resource = { name: "cpu", target: { type: "Utilization", averageUtilization } };
  const spec = {
    behavior: { scaleDown: { stabilizationWindowSeconds: 15 } }, // by default, five minutes
    metrics: [{ type: "Resource", resource }],
  };
  await kubectl("patch", "hpa/orders", "--type=merge", `--patch=${JSON.stringify({ spec })}`);
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
