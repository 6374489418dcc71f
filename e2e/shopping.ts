import { eventually } from "../common/src/testing/eventually";
import { buy } from "./sagas";

const shoppers = 4;
const enough = 6;

/** Resolves once enough purchases have been completed since the call, and the check passes. */
type Shopped = (check?: () => unknown) => Promise<void>;

/** Makes purchases, several at a time, while the work is done. */
export async function whileShopping(work: (shopped: Shopped) => Promise<void>): Promise<void> {
  let bought = 0;
  let isOver = false;
  const shop = async () => {
    for (; !isOver; bought++) {
      const finish = await buy();
      await finish();
    }
  };
  const shopping = Promise.all(Array.from({ length: shoppers }, shop));
  await work(async (check) => {
    const before = bought;
    await eventually(async () => {
      await check?.();
      expect(bought - before).toBeGreaterThanOrEqual(enough);
    });
  });
  isOver = true;
  await shopping;
}
