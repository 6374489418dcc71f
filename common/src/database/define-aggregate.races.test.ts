import { isVersionError } from "../contract/errors";
import { onFailpoint } from "../base/failpoint";
import { Sample, crash, crashAt, loadSample, saveSample, storedOutbox, useSamples } from "../../test/sample";

useSamples();

/** What another process's relay does once the broker has stored an event. */
const pull = (id: string, eventId: string) =>
  Sample.updateOne({ _id: id }, { $pull: { outbox: { id: eventId } } });

it("rejects a save of an aggregate that has changed in the meantime, and stores nothing", async () => {
  const { id } = await saveSample();
  const [one, other] = [await loadSample(id), await loadSample(id)];
  one.reprice(20);
  await one.save();
  other.reprice(30);
  const refusal: unknown = await other.save().catch((error: unknown) => error);
  expect(isVersionError(refusal)).toBe(true);
  expect(await loadSample(id)).toMatchObject({ price: 20, version: 1 });
  expect((await storedOutbox(id)).map(({ data }) => data.price)).toEqual([10, 20]);
});

it("accepts one of many concurrent changes of the same state", async () => {
  const { id } = await saveSample();
  const copies = await Promise.all(Array.from({ length: 10 }, () => loadSample(id)));
  for (const [index, copy] of copies.entries()) copy.reprice(100 + index);
  const outcomes = await Promise.allSettled(copies.map((copy) => copy.save()));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await storedOutbox(id)).map(({ data }) => data.version)).toEqual([0, 1]);
});

it("stores change and event atomically, whenever it crashes", async () => {
  const sample = await saveSample();
  crashAt("samples.save.before");
  sample.reprice(20);
  await expect(sample.save()).rejects.toBe(crash);
  expect([(await loadSample(sample.id)).price, (await storedOutbox(sample.id)).length]).toEqual([10, 1]);

  crashAt("samples.save.after");
  const again = await loadSample(sample.id);
  again.reprice(30);
  await expect(again.save()).rejects.toBe(crash);
  expect([(await loadSample(sample.id)).price, (await storedOutbox(sample.id)).length]).toEqual([30, 2]);
});

it("rejects another save after a failed one, so that no event describes a state that never existed", async () => {
  const sample = await saveSample();
  crashAt("samples.save.before");
  sample.reprice(20);
  await expect(sample.save()).rejects.toBe(crash);
  onFailpoint(undefined);
  sample.reprice(30);
  await expect(sample.save()).rejects.toThrow("load it again");
  expect((await storedOutbox(sample.id)).map(({ data }) => data.price)).toEqual([10]);
});

it("rejects a save that would lose its event because the outbox was not loaded", async () => {
  const { id } = await saveSample();
  const sample = await Sample.findById(id).select("-outbox").orFail();
  sample.reprice(20);
  await expect(sample.save()).rejects.toThrow("without its outbox");
});

it("neither restores nor loses an event when a relay removes one between load and save", async () => {
  const { id } = await saveSample();
  const sample = await loadSample(id);
  const [first] = await storedOutbox(id);
  await pull(id, String(first?.id));
  sample.reprice(20);
  await sample.save();
  expect((await storedOutbox(id)).map(({ data }) => data.version)).toEqual([1]);
  sample.reprice(30);
  await sample.save();
  expect((await storedOutbox(id)).map(({ data }) => data.version)).toEqual([1, 2]);
});
