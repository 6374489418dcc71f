import { seconds } from "../../base/clock";
import { eventually } from "../eventually";
import { Gate } from "../gate";
import { type Buses, listen } from "./buses";

/** What a bus measures for alerts. */
export function describeMeasures(buses: Buses): void {
  const { connect, publish } = buses;

  it("reports for how long an event waits for a group, whether it is stuck or has no members", async () => {
    const bus = await connect("orders");
    const waits = async () => Number(await bus.undeliveredMs("ticket:created"));
    const gate = new Gate();
    const subscription = bus.subscribe("ticket:created", () => gate.opened);
    listen(await connect("payments")); // each group has its own position
    expect(await waits()).toBe(0);
    await publish("a", "b");
    await eventually(async () => expect(await waits()).toBeGreaterThan(100));
    gate.open();
    await eventually(async () => expect(await waits()).toBe(0));
    await subscription.close();
    await publish("c");
    await eventually(async () => expect(await waits()).toBeGreaterThan(seconds(1))); // long handled by the others
    await bus.close();
    const successor = await connect("orders");
    listen(successor);
    await eventually(async () => expect(await successor.undeliveredMs("ticket:created")).toBe(0));
  });

  it("reports how much the broker has stored", async () => {
    const bus = await connect("orders");
    const stored = async () => Number(await bus.storedBytes());
    const before = await stored();
    await publish("a".repeat(1000), "b".repeat(1000));
    expect((await stored()) - before).toBeGreaterThanOrEqual(2000);
    expect((await stored()) - before).toBeLessThan(3000);
  });
}
