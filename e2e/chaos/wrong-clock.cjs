// Preloaded into a service by NODE_OPTIONS: shifts the system time that it reads.
// Plain JavaScript, because a built service runs without tsx.
const offset = Number(process.env.CLOCK_OFFSET_MS);
const RightDate = Date;
const now = () => RightDate.now() + offset;

// A proxy, so that `instanceof Date` still works.
globalThis.Date = new Proxy(RightDate, {
  construct: (target, given, made) => Reflect.construct(target, given.length > 0 ? given : [now()], made),
  apply: () => new RightDate(now()).toString(),
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});
