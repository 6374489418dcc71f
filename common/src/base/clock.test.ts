import { clock, hours, seconds } from "./clock";

afterEach(() => clock.use());

it("returns the system's time", () => {
  const before = Date.now();
  expect(clock.now()).toBeGreaterThanOrEqual(before);
  expect(clock.date().getTime()).toBeLessThanOrEqual(Date.now());
});

it("follows the clock of the store, corrected by half of the round trip", async () => {
  let system = 1000;
  clock.use(() => system);
  await clock.follow(async () => {
    system += 100; // there and back
    return 5000; // read half-way
  });
  expect(clock.now()).toBe(5050);
  system += 10;
  expect(clock.now()).toBe(5060);
});

it("ignores a slow response that is consistent with its present offset", async () => {
  let system = 1000;
  clock.use(() => system);
  await clock.follow(async () => 5000);
  await clock.follow(async () => {
    system += 2000; // all of it on the way back
    return 5000;
  });
  expect(clock.now()).toBe(7000);
  await clock.follow(async () => {
    system += 2000;
    return 3000; // the store's clock was set back
  });
  expect(clock.now()).toBe(4000);
});

it("returns whole milliseconds, whatever the store returns", async () => {
  clock.use(() => 1000);
  await clock.follow(async () => 2000.7);
  expect(clock.now()).toBe(2001);
});

it("keeps its offset when the store does not respond", async () => {
  clock.use(() => 1000);
  await clock.follow(async () => 2000);
  await expect(clock.follow(() => Promise.reject(new Error("unavailable")))).rejects.toThrow("unavailable");
  expect(clock.now()).toBe(2000);
});

it("waits by the system timer, or by that of a test", async () => {
  const before = performance.now();
  await clock.wait(20);
  expect(performance.now() - before).toBeGreaterThan(15);
  const waited: number[] = [];
  clock.use(Date.now, async (milliseconds) => void waited.push(milliseconds));
  await clock.wait(60_000);
  expect(waited).toEqual([60_000]);
});

it("can be reset to the system time", async () => {
  await clock.follow(async () => 0);
  clock.use();
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
});

it("counts durations in milliseconds", () => {
  expect([seconds(1.5), hours(2)]).toEqual([1500, 7_200_000]);
});
