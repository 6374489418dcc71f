import { join } from "node:path";
import { root } from "../local/program";
import { variablesIn } from "./needs";

const variables = [
  "TEST_MONGO_URL",
  "MONGOD_BINARY",
  "REDIS_URL",
  "NATS_STREAMING_BINARY",
  "KUSTOMIZE",
  "PROMTOOL",
];

const neededBy = (...files: string[]) => [
  ...variablesIn(
    files.map((file) => join(root, file)),
    variables,
    root,
  ),
];

it("starts no server for a test of pure functions", () => {
  expect(neededBy("infra/ci/changes.test.ts", "client/lib/price.test.ts")).toEqual([]);
});

it("starts only MongoDB for a test of a service", () => {
  expect(neededBy("auth/src/routes/sign-in.test.ts")).toEqual(["TEST_MONGO_URL"]);
});
