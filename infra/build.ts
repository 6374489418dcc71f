import { build } from "./local/build";
import { reasonOf } from "./local/execute";
import { serviceNames } from "./services";

// npm run build

build(["common", ...serviceNames]).catch((error: unknown) => {
  console.error(reasonOf(error));
  process.exitCode = 1;
});
