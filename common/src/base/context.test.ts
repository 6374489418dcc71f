import { currentContext, withContext } from "./context";

const trace = "a".repeat(32);
const traceparent = `00-${trace}-${"b".repeat(16)}-01`;

it("continues the given trace as a new span", () => {
  const context = withContext({ traceparent, requestId: "r1" }, currentContext);
  expect(context).toEqual({
    requestId: "r1",
    traceparent: expect.stringMatching(`^00-${trace}-[0-9a-f]{16}-01$`),
  });
  expect(context?.traceparent).not.toBe(traceparent);
});

it("keeps the sampling decision, and ignores unknown flags", () => {
  const flagsOf = (flags: string) =>
    withContext({ traceparent: traceparent.replace(/01$/, flags) }, currentContext)?.traceparent.slice(-2);
  expect(["00", "01", "02", "ff"].map(flagsOf)).toEqual(["00", "01", "00", "01"]);
});

it.each([
  undefined,
  "",
  "nonsense",
  `00-${"A".repeat(32)}-${"b".repeat(16)}-01`,
  `00-${"0".repeat(32)}-${"b".repeat(16)}-01`,
  `00-${trace}-${"0".repeat(16)}-01`,
  `${traceparent}\nadmin`,
])("begins a new trace when it is given %j", (given) => {
  const context = withContext({ traceparent: given }, currentContext);
  expect(context?.traceparent).toMatch(/^00-(?!a{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

it("separates concurrent work, and ends with it", async () => {
  const work = (requestId: string) =>
    withContext({ requestId }, async () => {
      await new Promise(setImmediate);
      return currentContext()?.requestId;
    });
  expect(await Promise.all([work("r1"), work("r2")])).toEqual(["r1", "r2"]);
  expect(currentContext()).toBeUndefined();
});
