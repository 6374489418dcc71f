import { MemoryBroker, eventBytes, newId, newIds, setUpService } from "@eventhive/common/testing";
import { rebuild } from "../../common/src/service/rebuild";
import { database } from "./database";
import { User } from "./models/user";
import { registered } from "../test/fixtures";

setUpService(database);

it("updates the bans of restored accounts, and creates no account from an event", async () => {
  const bus = new MemoryBroker().connect("auth");
  const { id, email } = await registered();
  await User.collection.updateOne({ email }, { $unset: { version: 1 } }); // older than bans
  const since = new Date().toISOString();
  for (const banned of [id, newId()]) {
    const data = { id: banned, version: 1, banned: true, since };
    await bus.publish("user:banned", eventBytes("user:banned", data), newIds());
  }
  expect(await rebuild(database, bus)).toBe(3); // the account, and what the service keeps of both users to refuse sessions
  expect(await User.find()).toMatchObject([{ id, email, version: 1, banned: true }]);
  expect(await rebuild(database, bus)).toBe(0);
});
