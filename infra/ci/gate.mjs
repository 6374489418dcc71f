// The one check that a branch has to require, told how all the others ended:
//   NEEDS='${{ toJSON(needs) }}' node infra/ci/gate.mjs
// A job that a change does not need is skipped, and that is fine. Whatever else is no success is not.
const fineResults = ["success", "skipped"];

const needs = Object.entries(JSON.parse(process.env.NEEDS));
if (needs.length === 0)
  throw new Error("NEEDS names no job: a gate that waits for nothing lets everything in");

for (const [job, { result }] of needs) console.log(`${job}: ${result}`);
if (!needs.every(([, { result }]) => fineResults.includes(result))) process.exitCode = 1;
