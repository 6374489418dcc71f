// Loaded into a service before anything of its own, by NODE_OPTIONS: what it takes for the system's time is wrong.
// Plain JavaScript, because a built service runs without tsx.
const offset = Number(process.env.CLOCK_OFFSET_IN_MS);
const RightDate = Date;
const now = () => RightDate.now() + offset;

// A proxy, so that a Date stays a Date for whoever made it or asks for it.
globalThis.Date = new Proxy(RightDate, {
  construct: (target, given, made) => Reflect.construct(target, given.length > 0 ? given : [now()], made),
  apply: () => new RightDate(now()).toString(),
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});
