import { seconds } from "../base/clock";
import type { EventBus } from "../messaging/event-bus";
import { setUpBuses } from "./event-bus/buses";
import { describeDelivery } from "./event-bus/delivery-contract";
import { describeFailures } from "./event-bus/failures-contract";
import { describeLogs } from "./event-bus/logs-contract";
import { describeMeasures } from "./event-bus/measures-contract";
import { describeWatchers } from "./event-bus/watchers-contract";

/**
 * A broker that the suite controls: a real process, or an in-memory one.
 * @example
 * const broker = new MemoryBroker();
 * const brokerUnderTest: BrokerUnderTest = {
 *   connect: (name) => broker.connect(name),
 *   stop: async () => broker.stop(),
 *   start: async () => broker.start(),
 *   remove: async () => broker.stop(),
 * };
 */
export interface BrokerUnderTest {
  /**
   * A message not acknowledged by then is delivered again. A broker that notices a failure at once may do so earlier.
   */
  connect(name: string, ackWaitSeconds: number): EventBus;
  /** Kills it. Stored messages are kept. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and deletes its data. */
  remove(): Promise<void>;
}

/**
 * The contract test suite of an EventBus, for jest with its globals. Each test has its own broker.
 * @example
 * describeEventBus("the broker in memory", async () => {
 *   const broker = new MemoryBroker();
 *   return {
 *     connect: (name, _ackWaitSeconds) => broker.connect(name),
 *     stop: async () => broker.stop(),
 *     start: async () => broker.start(),
 *     remove: async () => {},
 *   };
 * });
 */
export function describeEventBus(adapter: string, startBroker: () => Promise<BrokerUnderTest>): void {
  describe(adapter, () => {
    jest.setTimeout(seconds(30));

    const buses = setUpBuses(startBroker);
    describeDelivery(buses);
    describeMeasures(buses);
    describeWatchers(buses);
    describeLogs(buses);
    describeFailures(buses);
  });
}
