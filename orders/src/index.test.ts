import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { clock, hours } from "@eventhive/common";
import { newId, setUpService, signedIn } from "@eventhive/common/testing";
import { eventually } from "../../common/src/testing/eventually";
import { endProcesses, run, runOnce, testEnvironment } from "../../common/test/service-process";
import { temporaryFolder } from "../../infra/jest/temporary-folder";
import { database } from "./database";
import { Payment } from "./models/payment";
import { orderOf, overdueOrder, reload, unchargedPaymentOf } from "../test/fixtures";

setUpService(database);
afterEach(endProcesses);

const file = join(__dirname, "index.ts");
const databaseUrl = (name = database.name) => `${process.env.TEST_MONGO_URL}/${name}`;

/** The system's clock is an hour ahead, and one more at SIGUSR2. A timeout of 30 s takes a moment. */
function wrongClock(): void {
  const { Date: RightDate, setTimeout: rest } = globalThis;
  const hour = 3_600_000;
  let ahead = hour;
  process.on("SIGUSR2", () => {
    ahead += hour;
    process.stdout.write("the clock has jumped\n");
  });
  globalThis.Date = new Proxy(RightDate, {
    construct: (_target, args) =>
      Reflect.construct(RightDate, args.length > 0 ? args : [RightDate.now() + ahead]),
  });
  const shortened = (work: () => void, milliseconds?: number) =>
    rest(work, milliseconds === 30_000 ? 100 : milliseconds);
  globalThis.setTimeout = Object.assign(shortened, rest);
}

function withWrongClock() {
  const preload = join(temporaryFolder("clock"), "wrong-clock.cjs");
  writeFileSync(preload, `(${wrongClock.toString()})()`);
  return { MONGO_URL: databaseUrl(), NODE_OPTIONS: `--require ${preload}` };
}

it("expires overdue orders without an event", async () => {
  const order = await overdueOrder();
  await runOnce(file, { MONGO_URL: databaseUrl() }, async () =>
    expect((await reload(order)).status).toBe("cancelled"),
  );
});

it("follows a payment whose event had no effect", async () => {
  const order = await orderOf();
  await Payment.apply(unchargedPaymentOf(order));
  await runOnce(file, { MONGO_URL: databaseUrl() }, async () =>
    expect((await reload(order)).status).toBe("awaiting:payment"),
  );
});

it("prunes payments that were stored long ago", async () => {
  const order = await orderOf();
  order.cancel("buyer");
  await order.save();
  await Payment.apply(unchargedPaymentOf(order, { state: "failed" }));
  await Payment.collection.updateMany({}, { $set: { createdAt: new Date(clock.now() - hours(24 * 31)) } });
  await runOnce(file, { MONGO_URL: databaseUrl() }, async () =>
    expect(await Payment.countDocuments()).toBe(0),
  );
});

it("expires nothing early by the store's clock, whatever its own clock shows", async () => {
  const [live, overdue] = [await orderOf(), await overdueOrder()];
  await runOnce(file, withWrongClock(), async () => expect((await reload(overdue)).status).toBe("cancelled"));
  expect((await reload(live)).status).toBe("created");
});

it("keeps following the store's clock when its own jumps", async () => {
  const { environment } = await testEnvironment();
  const service = run({ file, environment: { ...environment, ...withWrongClock() } });
  const expectRightTime = async () => {
    const url = `http://127.0.0.1:${environment.PORT}/api/orders`;
    const { headers } = await fetch(url, { headers: { cookie: signedIn() } });
    expect(Math.abs(Number(headers.get("X-Server-Time")) - Date.now())).toBeLessThan(5000);
  };
  await eventually(expectRightTime);
  service.signal("SIGUSR2");
  await eventually(() => expect(service.printed()).toContain("the clock has jumped"));
  await eventually(expectRightTime);
});

it("is not ready before the index that its first rule depends on is built", async () => {
  const name = `test-${newId()}`;
  const orders = database.useDb(name).collection("orders");
  await orders.insertMany([{ reserves: "a" }, { reserves: "a" }]);
  const { environment, send } = await testEnvironment();
  const service = run({ file, environment: { ...environment, MONGO_URL: databaseUrl(name) } });
  await eventually(() => expect(service.printed()).toContain("waiting for mongo"));
  expect(await send("/readyz")).toMatchObject({ status: 503, body: { waitingFor: "mongo" } });
  await orders.deleteMany({});
  await eventually(async () => expect(await send("/readyz")).toMatchObject({ status: 200 }));
  expect(await orders.indexes()).toContainEqual(
    expect.objectContaining({ key: { reserves: 1 }, unique: true }),
  );
  await orders.conn.dropDatabase();
});
