import type { Stan } from "node-nats-streaming";
import { NatsLog } from "./log";
import type { SubscriptionSpec } from "./subscription";

/** A broker with scripted replies to each subscription, by the sequence at which that begins. */
function scripted(respond: (start: number | "last", deliver: (...sequences: number[]) => void) => void) {
  const starts: (number | "last")[] = [];
  const acknowledged: number[] = [];
  const open = (spec: SubscriptionSpec) => {
    let start: number | "last" = 1;
    const options = {
      setManualAckMode: () => options,
      setAckWait: () => options,
      setMaxInFlight: () => options,
      setStartAtSequence: (sequence: number) => {
        start = sequence;
        return options;
      },
      setStartWithLastReceived: () => {
        start = "last";
        return options;
      },
    };
    spec.subscribe({ subscriptionOptions: () => options, subscribe: () => {} } as unknown as Stan);
    starts.push(start);
    spec.onReady?.();
    respond(start, (...sequences) => {
      for (const sequence of sequences) {
        const message = {
          subject: spec.subject,
          bytes: Buffer.from(`${sequence}`),
          redeliveries: 0,
          sequence,
        };
        void spec.consume(message, () => acknowledged.push(sequence));
      }
    });
    return { close: async () => {} };
  };
  return { open, starts, acknowledged };
}

const alive = { isConnected: true, isAlive: async () => true };
const limits = { emptyAfterMs: 0, maxSilenceMs: 200 };

async function read(log: NatsLog): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const batch of log.read(0)) batches.push(batch.map(({ sequence }) => sequence));
  return batches;
}

it("considers a channel empty if the broker responds and has sent nothing of it", async () => {
  const { open } = scripted(() => {});
  expect(await read(new NatsLog(alive, open, "ticket:created", limits))).toEqual([]);
});

it("does not consider a channel empty if the broker does not respond", async () => {
  const dead = { isConnected: true, isAlive: async () => false };
  const { open } = scripted(() => {});
  await expect(read(new NatsLog(dead, open, "ticket:created", limits))).rejects.toThrow(
    "The broker sent nothing on ticket:created for 0.2 s when the last message was requested",
  );
});

it("rereads from the position of a message lost in transit", async () => {
  const { open, starts } = scripted((start, deliver) => {
    if (start === "last") deliver(4);
    else if (start === 1) deliver(1, 2, 4);
    else deliver(3, 4);
  });
  expect((await read(new NatsLog(alive, open, "ticket:created", limits))).flat()).toEqual([1, 2, 3, 4]);
  expect(starts).toEqual(["last", 1, 3]);
});

it("accepts a gap when two subscriptions that start before it both continue after it", async () => {
  const { open, starts } = scripted((start, deliver) => {
    if (start === "last") deliver(4);
    else if (start === 1) deliver(1, 2, 4);
    else deliver(4);
  });
  expect((await read(new NatsLog(alive, open, "ticket:created", limits))).flat()).toEqual([1, 2, 4]);
  expect(starts).toEqual(["last", 1, 3, 3]);
});

it("acknowledges redelivered messages only after they were consumed, so that at most one batch is in memory", async () => {
  const { open, acknowledged } = scripted((start, deliver) => {
    if (start === "last") deliver(2);
    else deliver(1, 2, 1, 2);
  });
  const log = new NatsLog(alive, open, "ticket:created", limits);
  for await (const batch of log.read(0)) expect(batch).toHaveLength(2);
  expect(acknowledged).toEqual([2, 1, 2]); // the first is the response to the request for the last message
});
