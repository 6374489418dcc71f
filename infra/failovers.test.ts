import { execFile } from "node:child_process";
import { fromSource } from "./local/from-source";
import { root } from "./local/program";

jest.setTimeout(600_000);

const [published, shown, handled] = [
  "fail-over@orders.orders.insertOne",
  "fail-over-late@tickets.tickets.updateOne",
  "fail-over-after@tickets.orders.",
];
let output: string;

/** In a process of its own, because the simulation replaces clock, randomness and timers. */
beforeAll(async () => {
  const parameters = ["--flow", "charges", "--scenario", "edit while ordering"];
  const faults = [published, shown, handled].flatMap((each) => ["--every", each]);
  const command = [...fromSource, "e2e/simulation/run.ts"];
  output = await new Promise((resolve) =>
    execFile(process.execPath, [...command, ...parameters, ...faults], { cwd: root }, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    ),
  );
});

const hasNoViolations = (faults: string) =>
  expect.stringMatching(new RegExp(`^${faults}: [1-9]\\d* faults, 0 with violations$`, "m"));

it("publishes nothing that a failover rolls back", () => expect(output).toEqual(hasNoViolations(published)));

it("shows nothing that a failover rolls back", () => expect(output).toEqual(hasNoViolations(shown)));

it("loses no effect of an event when the primary fails after its state was stored", () =>
  expect(output).toEqual(hasNoViolations(handled)));
