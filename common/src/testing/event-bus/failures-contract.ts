import { onFailpoint } from "../../base/failpoint";
import { eventually } from "../eventually";
import { type Buses, listen, numbers } from "./buses";

/** Brokers and processes that fail. */
export function describeFailures(buses: Buses): void {
  const { connect, open, publish } = buses;

  it("rejects publishing while the broker is unavailable, and resumes afterwards", async () => {
    const received = listen(await connect("orders", { redelivers: "soon" }));
    await publish("a");
    await eventually(() => expect(received).toEqual(["a"]));
    await buses.stopBroker();
    await eventually(() => expect(buses.publisher.isConnected).toBe(false));
    await expect(publish("refused")).rejects.toThrow("unavailable");
    const receivedByNewcomer = listen(open("payments"));
    await buses.startBroker();
    await eventually(() => publish("b"));
    await eventually(() => {
      expect(new Set(received)).toEqual(new Set(["a", "b"]));
      expect(new Set(receivedByNewcomer)).toEqual(new Set(["a", "b"]));
    });
  });

  it("loses nothing that was stored when the broker is killed in mid-stream", async () => {
    const received = listen(await connect("orders", { redelivers: "soon" }));
    const left = numbers(500);
    let restarted: Promise<void> | undefined;
    async function publishAll(): Promise<void> {
      for (let text = left.shift(); text; text = left.shift()) {
        const message = text;
        await eventually(() => publish(message));
        if (left.length < 350) restarted ??= buses.stopBroker().then(() => buses.startBroker());
      }
    }
    await Promise.all(Array.from({ length: 20 }, publishAll));
    await restarted;
    await eventually(() => expect([...new Set(received)].toSorted()).toEqual(numbers(500)));
  });

  it("redelivers messages that a crash left unacknowledged, and no others", async () => {
    const passed: string[] = [];
    onFailpoint((failpoint) => {
      passed.push(failpoint);
      if (failpoint === "orders.ack.before" && passed.indexOf(failpoint) === passed.length - 1)
        throw new Error("crash");
    });
    await publish("a");
    listen(await connect("orders", { redelivers: "soon" }));
    await eventually(() => expect(passed).toContain("orders.ack.after"));
    expect(passed.filter((one) => one.startsWith("orders"))).toEqual([
      "orders.ack.before",
      "orders.ack.before",
      "orders.ack.after",
    ]);
    expect(passed.filter((one) => one.startsWith("tickets"))).toEqual([
      "tickets.publish.before",
      "tickets.publish.after",
    ]);
  });

  it("can subscribe before the broker is available", async () => {
    await publish("a");
    await buses.stopBroker();
    const received = listen(open("orders"));
    await buses.startBroker();
    await eventually(() => expect(received).toEqual(["a"]));
  });
}
