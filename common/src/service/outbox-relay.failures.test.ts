import { Sample, crash, loadSample, saveSample, storedOutbox, useSamples } from "../../test/sample";
import { onFailpoint } from "../base/failpoint";
import { eventually } from "../testing/eventually";
import { Gate } from "../testing/gate";
import {
  broker,
  countUnpublished,
  saveStale,
  parkAt,
  publishedVersions,
  saveSampleWithVersions,
  startRelay,
  useRelays,
} from "../../test/relay";

useSamples();
useRelays();

it("waits while the broker is unavailable, and continues when it is back", async () => {
  broker.isThere = false;
  const relay = startRelay();
  const { id } = await saveSample();
  await relay.drain();
  expect([publishedVersions(id), await countUnpublished()]).toEqual([[], 1]);
  broker.isThere = true;
  await eventually(async () => expect([publishedVersions(id), await countUnpublished()]).toEqual([[0], 0]));
});

it("retries events that the broker did not store, without delaying others", async () => {
  const relay = startRelay();
  let attempts = 0;
  broker.store = async ({ data }) => {
    if ("title" in data && data.title === "refused" && ++attempts < 3) throw new Error("no response");
  };
  const { id } = await saveSample("refused", 1);
  const other = await saveSample();
  await relay.drain();
  expect(publishedVersions(other.id)).toEqual([0]);
  await eventually(() => expect(publishedVersions(id)).toEqual([0]));
  expect(attempts).toBe(3);
});

it("republishes an event under the same id after a crash before its removal", async () => {
  const { id } = await saveSample();
  onFailpoint((name) => {
    if (name === "samples.pull.before") throw new Error("a crash");
  });
  await startRelay().drain();
  onFailpoint(undefined);
  const [event] = await storedOutbox(id);
  await startRelay().drain();
  expect(broker.published.length).toBeGreaterThan(1);
  expect(new Set(broker.published.map((each) => each.id))).toEqual(new Set([event?.id]));
  expect(await storedOutbox(id)).toEqual([]);
});

it("publishes events saved while it publishes the same aggregate", async () => {
  const relay = startRelay();
  const parked = parkAt("samples.pull.before");
  const { id } = await saveSample();
  await parked.reached;
  const sample = await loadSample(id);
  sample.reprice(20);
  await sample.save();
  parked.open();
  await relay.drain();
  expect(publishedVersions(id)).toEqual([0, 1]);
});

it("keeps the order of an aggregate's events when the broker is slow with the first", async () => {
  const gate = new Gate();
  broker.store = async ({ data }) => {
    if ("version" in data && data.version === 0) await gate.opened;
  };
  const relay = startRelay();
  const sample = await saveSample();
  sample.reprice(20);
  await sample.save();
  await countUnpublished(); // time enough for the second to overtake
  const early = publishedVersions(sample.id);
  gate.open();
  await relay.drain();
  expect([early, publishedVersions(sample.id)]).toEqual([[], [0, 1]]);
});

it("removes only events that it has published", async () => {
  const relay = startRelay();
  const parked = parkAt("samples.pull.before");
  const { id } = await saveSample();
  await parked.reached;
  const [event] = await storedOutbox(id);
  const ofAnotherProcess = { ...event, id: "another", data: { ...event?.data, version: 1 } };
  await Sample.updateOne({ _id: id }, { $push: { outbox: ofAnotherProcess } });
  parked.open();
  await relay.drain();
  expect(publishedVersions(id)).toEqual([0, 1]);
});

describe("events that are published while others are removed", () => {
  /** Samples whose events wait for the pull of the first one's event. */
  async function waitingForPull(onPull: (pull: number) => void) {
    const gate = new Gate();
    let pulls = 0;
    onFailpoint(async (name) => {
      if (name !== "samples.pull.before") return;
      if (++pulls === 1) await gate.opened;
      onPull(pulls);
    });
    const relay = startRelay();
    const samples = [await saveSample()];
    await eventually(() => expect(pulls).toBe(1));
    for (let count = 0; count < 5; count++) samples.push(await saveSample());
    await eventually(() => expect(broker.published).toHaveLength(6));
    return { relay, samples, open: gate.open };
  }

  it("are removed together", async () => {
    const pulls: number[] = [];
    const { relay, open } = await waitingForPull((pull) => pulls.push(pull));
    open();
    await relay.stop();
    expect(pulls).toEqual([1, 2]);
    expect(await countUnpublished()).toBe(0);
  });

  it("are published again when that fails", async () => {
    const { relay, samples, open } = await waitingForPull((pull) => {
      if (pull === 2) throw crash;
    });
    open();
    await relay.drain();
    expect(await countUnpublished()).toBe(0);
    for (const { id } of samples.slice(1)) expect(publishedVersions(id)).toEqual([0, 0]);
    expect(new Set(broker.published.map(({ id }) => id)).size).toBe(6);
  });
});

it("loses nothing with two processes on one database", async () => {
  const relaysOfTwo = [startRelay(), startRelay()];
  const samples = await Promise.all(Array.from({ length: 10 }, () => saveSampleWithVersions(5)));
  await Promise.all(relaysOfTwo.map((relay) => relay.drain()));
  for (const { id } of samples) expect(new Set(publishedVersions(id))).toEqual(new Set([0, 1, 2, 3, 4]));
  expect(await countUnpublished()).toBe(0);
});

it("finishes events in flight when it stops, and starts no new ones", async () => {
  const relay = startRelay();
  const parked = parkAt("samples.pull.before");
  const { id } = await saveSample();
  await parked.reached;
  let isStopped = false;
  const stopped = relay.stop().then(() => {
    isStopped = true;
  });
  await countUnpublished(); // time enough to stop
  const stoppedEarly = isStopped;
  parked.open();
  await stopped;
  expect([stoppedEarly, await storedOutbox(id)]).toEqual([false, []]);
  const later = await saveSample();
  for (let turn = 0; turn < 20; turn++) expect(await storedOutbox(later.id)).toHaveLength(1);
});

it("stops at once while the broker is unavailable", async () => {
  broker.isThere = false;
  const { id } = await saveSample();
  await startRelay().stop();
  expect(await storedOutbox(id)).toHaveLength(1);
});

it("stops while other processes keep saving: it publishes only its own events", async () => {
  const relay = startRelay();
  const gate = new Gate();
  let othersSaves = 0;
  broker.store = async () => {
    await gate.opened;
    if (othersSaves++ < 100) await saveSample();
  };
  const { id } = await saveSample();
  const stopped = relay.stop();
  gate.open();
  await stopped;
  expect(broker.published.map(({ subject }) => subject)).toEqual([id]);
});

it("stops in the middle of a backlog", async () => {
  await saveStale(300);
  const relay = startRelay();
  let stopped: Promise<void> | undefined;
  broker.store = async () => void (stopped ??= relay.stop());
  await eventually(() => expect(stopped).toBeDefined());
  await stopped;
  expect(broker.published.length).toBeLessThanOrEqual(32);
  expect(await countUnpublished()).toBe(300 - broker.published.length);
});

it("stops when the broker does not respond, and leaves the event to the next process", async () => {
  const relay = startRelay({ maxStopMs: 100 });
  const gate = new Gate();
  const reached = new Promise<void>((resolve) => {
    broker.store = async () => {
      resolve();
      await gate.opened;
    };
  });
  const { id } = await saveSample();
  await reached;
  await relay.stop();
  expect(await storedOutbox(id)).toHaveLength(1);
  gate.open();
});
