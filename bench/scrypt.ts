import { randomBytes, scryptSync } from "node:crypto";
import type { Part } from "./part";
import { timesRow } from "./report";

const [cost, blockSize, runs] = [2 ** 17, 8, 5];

/** The lower bound for a sign-in: the hash alone, as auth computes it. */
export const scrypt: Part = async () => {
  const times = Array.from({ length: runs }, () => {
    const startedAt = performance.now();
    scryptSync("correct horse", randomBytes(24), 48, {
      N: cost,
      r: blockSize,
      p: 1,
      maxmem: 256 * cost * blockSize,
    });
    return performance.now() - startedAt;
  });
  return { "A password's hash alone": [timesRow("scrypt, N = 2^17", times)] };
};
