import type { EventBus } from "../../messaging/event-bus";
import { eventually } from "../eventually";
import { type Buses, textOf } from "./buses";

/** Messages for current listeners only. */
export function describeWatchers(buses: Buses): void {
  const { connect, publish } = buses;

  it("sends new events to every watcher, and stores nothing for them", async () => {
    await publish("old");
    const [one, other] = [await connect("orders"), await connect("orders")];
    const [seen, seenByOther] = [await watch(one), await watch(other)];
    await publish("new");
    await eventually(() => expect([seen.texts, seenByOther.texts]).toEqual([["new"], ["new"]]));
    await seen.close();
    await publish("missed");
    await eventually(() => expect(seenByOther.texts).toEqual(["new", "missed"]));
    const seenLater = await watch(one);
    await publish("newer");
    await eventually(() => expect(seenLater.texts).toEqual(["newer"]));
    expect(seen.texts).toEqual(["new"]);
  });

  /** Starts a watcher, and waits until it receives events. */
  async function watch(bus: EventBus) {
    const texts: string[] = [];
    const signs: string[] = [];
    const subscription = bus.watch("ticket:created", (message) => {
      (textOf(message) === "sign" ? signs : texts).push(textOf(message));
    });
    await eventually(async () => {
      await publish("sign");
      expect(signs).not.toEqual([]);
    });
    return { texts, close: () => subscription.close() };
  }
}
