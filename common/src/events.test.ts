import { parseEvent } from "./events";
it("x", () => {
  expect(() => parseEvent("ticket:created", Buffer.from("{}"))).toThrow();
});
