import type { Mutant } from "../mutant";

const rebuildTests = "common/src/service/rebuild.test.ts";
const bridging = "common/src/messaging/bridge.ts";
const bridgeTests = "common/src/messaging/bridge.test.ts";
const combined = "common/src/messaging/combined-bus.ts";
const combinedTests = "common/src/messaging/combined-bus.test.ts";

export const bridge: Mutant[] = [
  {
    guard: "the bridge does not copy a copy",
    file: bridging,
    change: { "if (isCopy) return;": "" },
    red: { [bridgeTests]: ["does not copy an event again that comes back too late to be recognized"] },
  },
  {
    guard: "the bridge publishes an event under its own ID",
    file: bridging,
    change: { "if (data) return { id: data.id, aggregateId: data.subject };": "" },
    red: { [bridgeTests]: ["copies old and new events in both directions, byte for byte and once"] },
  },
  {
    guard: "the bridge uses no ID that a broker rejects",
    file: bridging,
    change: { "z.string().regex(/^[\\w-]{1,100}$/)": "z.string()", "z.string().refine(isId)": "z.string()" },
    red: { [bridgeTests]: ["copies messages that are not events"] },
  },
  {
    guard: "the bridge acknowledges what it has copied",
    file: bridging,
    change: {
      "await to.publish(subject, bytes, { ...idsOf(subject, bytes), isCopy: true });":
        "void to.publish(subject, bytes, { ...idsOf(subject, bytes), isCopy: true }).catch(() => {});",
    },
    red: { [bridgeTests]: ["loses nothing when the brokers are killed while it copies"] },
  },
  {
    guard: "several brokers: listeners receive from all",
    file: combined,
    change: { "onEach((bus) => bus.subscribe(subject, handle))": "first.subscribe(subject, handle)" },
    red: { [combinedTests]: ["delivers and shows the events of both brokers until it is closed"] },
  },
  {
    guard: "several brokers: watchers receive from all",
    file: combined,
    change: { "onEach((bus) => bus.watch(subject, handle))": "first.watch(subject, handle)" },
    red: { [combinedTests]: ["delivers and shows the events of both brokers until it is closed"] },
  },
  {
    guard: "several brokers: all logs are read",
    file: combined,
    change: { "buses.flatMap(({ logs }) => logs)": "first.logs" },
    red: {
      [combinedTests]: ["reads the logs of both brokers"],
      [rebuildTests]: ["reads the logs of all brokers, and resumes each at its own position"],
    },
  },
  {
    guard: "several brokers: one that is unavailable is not considered empty",
    file: combined,
    change: { 'throw new Error("a broker is unavailable");': "return 0;" },
    red: { [combinedTests]: ["reports no wait while one of the brokers is unavailable"] },
  },
];
