// The contract for services in other languages, in the package beside the code that it was made from.
import { readFileSync, writeFileSync } from "node:fs";
import { asyncApi } from "./dist/contract/asyncapi.js";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
writeFileSync(
  new URL("dist/asyncapi.json", import.meta.url),
  `${JSON.stringify(asyncApi(version), null, 2)}\n`,
);
