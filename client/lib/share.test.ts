import { share } from "./share";

const limits = { maxAgeMs: 1_000, maxEntries: 2 };
let now = 0;
let loads: string[];

beforeEach(() => {
  now = 0;
  loads = [];
  jest.spyOn(performance, "now").mockImplementation(() => now);
});

const load = async (key: string): Promise<string | undefined> => {
  loads.push(key);
  return `${key} ${loads.length}`;
};

it("loads once for callers within the limit, and again after it", async () => {
  const get = share(load, limits);
  expect(await Promise.all([get("a"), get("a")])).toEqual(["a 1", "a 1"]);
  now = 999;
  expect(await get("a")).toBe("a 1");
  now = 1_000;
  expect(await get("a")).toBe("a 2");
});

it("keeps keys apart, and no more than the limit", async () => {
  const get = share(load, limits);
  for (const key of ["a", "b", "c", "b", "c", "a"]) await get(key);
  expect(loads).toEqual(["a", "b", "c", "a"]);
});

it("keeps neither failures nor missing results", async () => {
  const results = [Promise.reject(new Error("down")), Promise.resolve(undefined), Promise.resolve("up")];
  const get = share(() => results.shift() ?? Promise.resolve("later"), limits);
  await expect(get("a")).rejects.toThrow("down");
  expect(await get("a")).toBeUndefined();
  expect(await get("a")).toBe("up");
  expect(await get("a")).toBe("up");
});
