import { isVersionError } from "../contract/errors";
import { onFailpoint } from "../base/failpoint";
import { Toy, crash, crashAt, loadToy, saveToy, storedOutbox, useToys } from "../../test/sample";

useToys();

/** What another process's relay does once the broker has stored an event. */
const pull = (id: string, eventId: string) =>
  Toy.updateOne({ _id: id }, { $pull: { outbox: { id: eventId } } });

it("refuses a save of what was changed in the meantime, and stores nothing of it", async () => {
  const { id } = await saveToy();
  const [one, other] = [await loadToy(id), await loadToy(id)];
  one.reprice(20);
  await one.save();
  other.reprice(30);
  const refusal: unknown = await other.save().catch((error: unknown) => error);
  expect(isVersionError(refusal)).toBe(true);
  expect(await loadToy(id)).toMatchObject({ price: 20, version: 1 });
  expect((await storedOutbox(id)).map(({ data }) => data.price)).toEqual([10, 20]);
});

it("lets one of many through who change the same state at once", async () => {
  const { id } = await saveToy();
  const copies = await Promise.all(Array.from({ length: 10 }, () => loadToy(id)));
  for (const [index, copy] of copies.entries()) copy.reprice(100 + index);
  const outcomes = await Promise.allSettled(copies.map((copy) => copy.save()));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await storedOutbox(id)).map(({ data }) => data.version)).toEqual([0, 1]);
});

it("keeps change and event together, whenever it crashes", async () => {
  const toy = await saveToy();
  crashAt("toys.save.before");
  toy.reprice(20);
  await expect(toy.save()).rejects.toBe(crash);
  expect([(await loadToy(toy.id)).price, (await storedOutbox(toy.id)).length]).toEqual([10, 1]);

  crashAt("toys.save.after");
  const again = await loadToy(toy.id);
  again.reprice(30);
  await expect(again.save()).rejects.toBe(crash);
  expect([(await loadToy(toy.id)).price, (await storedOutbox(toy.id)).length]).toEqual([30, 2]);
});

it("refuses to save an aggregate again whose save has failed, so that no event tells of what never was", async () => {
  const toy = await saveToy();
  crashAt("toys.save.before");
  toy.reprice(20);
  await expect(toy.save()).rejects.toBe(crash);
  onFailpoint(undefined);
  toy.reprice(30);
  await expect(toy.save()).rejects.toThrow("load it again");
  expect((await storedOutbox(toy.id)).map(({ data }) => data.price)).toEqual([10]);
});

it("refuses a save that would lose its event because the outbox was not loaded", async () => {
  const { id } = await saveToy();
  const toy = await Toy.findById(id).select("-outbox").orFail();
  toy.reprice(20);
  await expect(toy.save()).rejects.toThrow("without its outbox");
});

it("neither brings back nor loses an event when a relay takes one out between load and save", async () => {
  const { id } = await saveToy();
  const toy = await loadToy(id);
  const [first] = await storedOutbox(id);
  await pull(id, String(first?.id));
  toy.reprice(20);
  await toy.save();
  expect((await storedOutbox(id)).map(({ data }) => data.version)).toEqual([1]);
  toy.reprice(30);
  await toy.save();
  expect((await storedOutbox(id)).map(({ data }) => data.version)).toEqual([1, 2]);
});
