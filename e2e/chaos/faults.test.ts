import { Random } from "../random";
import { planFaults } from "./faults";

it("leaves MongoDB time to recover between its faults, and ends with the run", () => {
  for (let seed = 0; seed < 20; seed++) {
    const plan = planFaults(120, new Random(seed), "SIGSTOP");
    const times = plan.filter(({ victim }) => victim === "mongo").map(({ atSeconds }) => atSeconds);
    expect(times.length).toBeGreaterThan(1);
    times.slice(1).forEach((time, n) => expect(time - (times[n] ?? time)).toBeGreaterThanOrEqual(30));
    expect(Math.max(...plan.map(({ atSeconds }) => atSeconds))).toBeLessThanOrEqual(120);
  }
});
