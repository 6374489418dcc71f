import { exec } from "node:child_process";
import { root } from "./local/program";

// npm run check: runs all checks at once, and shows the output of each when it ends.

const checks = [
  "oxlint",
  "tsc",
  "prettier --check --cache --cache-strategy content .",
  "next typegen client && tsc -p client",
];

for (const check of checks)
  exec(check, { cwd: root, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
    console.log(`${check}: ${error ? "FAILED" : "passed"}\n${stdout}${stderr}`);
    if (error) process.exitCode = 1;
  });
