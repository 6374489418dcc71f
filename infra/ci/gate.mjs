// The only check that branch protection requires; it evaluates the results of all other jobs:
//   NEEDS='${{ toJSON(needs) }}' node infra/ci/gate.mjs
// A job that a change does not need is skipped, which counts as a success. Every other result is a failure.
const fineResults = ["success", "skipped"];

const needs = Object.entries(JSON.parse(process.env.NEEDS));
if (needs.length === 0) throw new Error("NEEDS contains no jobs");

for (const [job, { result }] of needs) console.log(`${job}: ${result}`);
if (!needs.every(([, { result }]) => fineResults.includes(result))) process.exitCode = 1;
