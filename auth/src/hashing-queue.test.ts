import { register } from "prom-client";
import { signInHashes, signUpHashes } from "./hashing-queue";

/** Hashes that are finished by hand, in the order in which they were started. */
let started: string[];
let finish: (() => void)[];
let outcomes: Promise<string>[];

beforeEach(() => {
  register.resetMetrics();
  started = [];
  finish = [];
  outcomes = [];
});

function enqueue(name: string, address: string, queue = signInHashes): Promise<string> {
  const outcome = queue
    .run(address, () => {
      started.push(name);
      return new Promise<void>((resolve) => finish.push(resolve));
    })
    .then(
      () => "done",
      ({ status, options }) => `${status} after ${options.retryAfterSeconds} s`,
    );
  outcomes.push(outcome);
  return outcome;
}

const crowd = (count: number, address: string | ((number: number) => string), queue = signInHashes) =>
  Array.from({ length: count }, (_, number) =>
    enqueue(
      `${queue === signUpHashes ? "sign-up" : "sign-in"} ${number}`,
      typeof address === "string" ? address : address(number),
      queue,
    ),
  );

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Finishes the hash that was started first, and then the next. */
async function finishNext(count = 1): Promise<void> {
  for (let number = 0; number < count; number++) {
    finish.shift()?.();
    await settled();
  }
}

afterEach(async () => {
  while (finish.length > 0) await finishNext();
  await Promise.all(outcomes);
});

const refused = async (queue: string) => {
  const { values = [] } = (await register.getSingleMetric("password_hashes_refused_total")?.get()) ?? {};
  const ofQueue = values.filter(({ labels }) => labels.queue === queue);
  return Object.fromEntries(ofQueue.map(({ labels, value }) => [labels.reason, value]));
};

it("computes two hashes at a time, those of one address in order", async () => {
  void crowd(4, "203.0.113.7");
  expect(started).toEqual(["sign-in 0", "sign-in 1"]);
  await finishNext();
  expect(started).toEqual(["sign-in 0", "sign-in 1", "sign-in 2"]);
  await finishNext(3);
  expect(started).toHaveLength(4);
});

it("frees the slot of a hash that fails", async () => {
  const failures = Array.from({ length: 10 }, () =>
    signInHashes.run("203.0.113.7", () => Promise.reject(new Error("out of memory"))),
  );
  expect((await Promise.allSettled(failures)).every(({ status }) => status === "rejected")).toBe(true);
  expect(await signInHashes.run("203.0.113.7", async () => "done")).toBe("done");
});

it.each([
  ["an IPv4 address", () => "203.0.113.7", "203.0.113.8"],
  ["an IPv6 /64", (number: number) => `2001:db8:1:2::${number + 1}`, "2001:db8:1:3::1"],
  ["an IPv6 /48", (number: number) => `2001:db8:1:${number}::1`, "2001:db8:2::1"],
])("serves another address next while %s fills the queue", async (_, address, other) => {
  const responses = crowd(110, address);
  expect(await Promise.all(responses.slice(102))).toEqual(Array(8).fill("429 after 5 s"));
  void enqueue("victim", other);
  await finishNext(2);
  expect(started.slice(2)).toContain("victim");
  expect(await refused("sign_in")).toEqual({ network: 9 }); // one gave its place up
});

it("serves sites in turn, however many requests of one are waiting", async () => {
  void crowd(40, "203.0.113.7");
  void enqueue("one", "198.51.100.1");
  void enqueue("another", "198.51.100.2");
  void enqueue("one again", "198.51.100.1");
  await finishNext(6);
  expect(started.slice(2)).toEqual(["sign-in 2", "one", "another", "sign-in 3", "one again", "sign-in 4"]);
});

it("serves sign-ins, however many sign-ups are waiting", async () => {
  void crowd(110, (number) => `203.0.113.${number}`, signUpHashes);
  void crowd(3, (number) => `198.51.100.${number}`);
  await finishNext(4);
  expect(started.slice(2).filter((name) => name.startsWith("sign-in"))).toHaveLength(2);
  expect(await refused("sign_up")).toEqual({ full: 8 });
});

it("shares a full queue among all addresses, until each has one entry", async () => {
  void crowd(52, "203.0.113.7");
  void crowd(50, "203.0.113.8");
  const displaced = [...outcomes.slice(3, 52), ...outcomes.slice(53)];
  const responses = crowd(100, (number) => `198.51.100.${number}`);
  expect(await Promise.all(displaced)).toEqual(Array(98).fill("429 after 5 s"));
  expect(await Promise.all(responses.slice(98))).toEqual(Array(2).fill("503 after 1 s"));
  expect(await enqueue("once more", "203.0.113.8")).toBe("429 after 5 s");
  expect(await refused("sign_in")).toEqual({ network: 99, full: 2 });
});

it("rejects an entry that has waited too long, and continues with the others", async () => {
  jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask"] });
  void crowd(3, "203.0.113.7");
  jest.advanceTimersByTime(15_000);
  expect(await outcomes[2]).toBe("503 after 1 s");
  expect(await refused("sign_in")).toEqual({ timeout: 1 });
  void enqueue("next", "203.0.113.7");
  await finishNext();
  jest.advanceTimersByTime(15_000);
  expect(started).toEqual(["sign-in 0", "sign-in 1", "next"]);
  jest.useRealTimers();
});
