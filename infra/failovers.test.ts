import { simulated } from "./simulated";

jest.setTimeout(600_000);

const [published, shown, handled] = [
  "fail-over@orders.orders.insertOne",
  "fail-over-late@tickets.tickets.updateOne",
  "fail-over-after@tickets.orders.",
];
let output: string;

beforeAll(async () => {
  const faults = [published, shown, handled].flatMap((each) => ["--every", each]);
  output = await simulated("--flow", "charges", "--scenario", "edit while ordering", ...faults);
});

const hasNoViolations = (faults: string) =>
  expect.stringMatching(new RegExp(`^${faults}: [1-9]\\d* faults, 0 with violations$`, "m"));

it("publishes nothing that a failover rolls back", () => expect(output).toEqual(hasNoViolations(published)));

it("shows nothing that a failover rolls back", () => expect(output).toEqual(hasNoViolations(shown)));

it("loses no effect of an event when the primary fails after its state was stored", () =>
  expect(output).toEqual(hasNoViolations(handled)));
