import { simulated } from "./simulated";

jest.setTimeout(120_000);

const output = (scenario: string) => simulated("--flow", "intents", "--scenario", scenario);

it("a process that has received a ban accepts no request of the user", async () => {
  const printed = await output("ban");
  expect(printed).toContain("user 2 receives 403 banned");
  expect(printed).not.toContain("I15");
});

it("a user goes on with the same session once the ban has ended", async () => {
  const printed = await output("unban");
  expect(printed).toMatch(
    /user 2 receives 403 banned[^]*user 2: POST \/api\/payments[^]*user 2 receives 201/,
  );
  expect(printed).not.toContain("I15");
});
