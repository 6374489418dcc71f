import type * as Common from "..";
import type * as Settings from "./settings";
import {
  checkSettings,
  choices,
  durationInSeconds,
  servers,
  settings,
  text,
  url,
  wholeNumber,
} from "./settings";

const given = { ...process.env };
afterEach(() => {
  process.env = { ...given };
});

let isNeeded = false;
const config = settings(
  {
    SAMPLE_URL: url(),
    SAMPLE_KEY: text().min(8, "must have 8 characters"),
    SAMPLE_COUNT: wholeNumber().default(3),
  },
  () => isNeeded,
);

describe("a service that starts", () => {
  beforeEach(() => {
    isNeeded = true;
  });
  afterEach(() => {
    isNeeded = false;
  });

  it("reports everything that is missing or invalid, at once", () => {
    Object.assign(process.env, { SAMPLE_KEY: "short", SAMPLE_COUNT: "several" });
    expect(checkSettings).toThrow(
      "SAMPLE_URL is missing; SAMPLE_KEY must have 8 characters; SAMPLE_COUNT must be a whole number",
    );
  });

  it("does not report the values, which may be secret", () => {
    process.env.SAMPLE_KEY = "hunter2";
    expect(checkSettings).not.toThrow("hunter2");
  });

  it("treats an empty setting as missing", () => {
    Object.assign(process.env, { SAMPLE_URL: "", SAMPLE_KEY: "long enough", SAMPLE_COUNT: "" });
    expect(checkSettings).toThrow(/^SAMPLE_URL is missing$/);
  });

  it("does not require settings that it does not use", () => {
    isNeeded = false;
    expect(checkSettings).not.toThrow();
  });
});

it("requires only the broker's settings in a service without database and app", () => {
  jest.resetModules();
  for (const name of ["MONGO_URL", "NATS_URL", "JWT_KEY", "PUBLIC_URL"]) delete process.env[name];
  const common: typeof Common = require("..");
  const fresh: typeof Settings = require("./settings");
  expect(fresh.checkSettings).toThrow(/^NATS_URL is missing$/);
  common.createDatabase("samples");
  expect(fresh.checkSettings).toThrow("MONGO_URL is missing");
  common.createApp(() => {});
  expect(fresh.checkSettings).toThrow(/JWT_KEY is missing.*PUBLIC_URL is missing/);
});

it("reads each setting on first use, and caches it", () => {
  process.env.SAMPLE_URL = "http://localhost:1";
  expect([config.SAMPLE_URL, config.SAMPLE_COUNT]).toEqual(["http://localhost:1", 3]);
  process.env.SAMPLE_URL = "http://localhost:2";
  expect(config.SAMPLE_URL).toBe("http://localhost:1");
  expect(() => config.SAMPLE_KEY).toThrow("SAMPLE_KEY is missing");
});

it.each([
  ["90", 90],
  ["90s", 90],
  ["15m", 900],
  ["24h", 86_400],
  ["7d", 604_800],
])("understands the duration %s", (duration, inSeconds) => {
  expect(durationInSeconds().parse(duration)).toBe(inSeconds);
});

it.each(["0", "-1s", "1.5h", "1w", "soon", ""])("rejects the duration %j", (duration) => {
  expect(durationInSeconds().safeParse(duration).success).toBe(false);
});

it.each(["0", "-1", "1.5", "many"])("rejects the whole number %s", (number) => {
  expect(wholeNumber().safeParse(number).success).toBe(false);
});

it.each([
  ["one", ["one"]],
  ["two,one", ["two", "one"]],
])("reads the list %s", (list, words) => {
  expect(choices("one", "two").parse(list)).toEqual(words);
});

it.each(["three", "one,three", "one,", "one,one", ""])("rejects the list %j", (list) => {
  expect(choices("one", "two").safeParse(list).success).toBe(false);
});

it.each([
  "nats://one:4222",
  "nats://token@one:4222,two:4222",
  "mongodb://root:pass%2Cword@one:27017,two:27017,three/orders?authSource=admin",
  "mongodb+srv://root:password@cluster.example.com/orders",
])("accepts the address %s", (address) => {
  expect(servers().parse(address)).toBe(address);
});

it.each(["one:4222", "nats://one:4222,", "nats://one:port", "nats://", ""])(
  "rejects the address %j",
  (address) => {
    expect(servers().safeParse(address).success).toBe(false);
  },
);
