import { inTurn } from "./hashing-queue";

it("runs two at a time in the order they came, lets a hundred wait, and refuses more", async () => {
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const work = (number: number) =>
    inTurn(() => {
      started.push(number);
      return new Promise<number>((resolve) => finish.push(() => resolve(number)));
    });

  const accepted = Array.from({ length: 102 }, (_, number) => work(number));
  expect(started).toEqual([0, 1]);
  await expect(work(102)).rejects.toMatchObject({ status: 503, options: { retryAfterInSeconds: 1 } });

  finish[0]?.();
  await accepted[0];
  const late = work(103);
  expect(started).toEqual([0, 1, 2]);

  for (let done = 1; done <= 102; done++) {
    finish[done]?.();
    await (accepted[done] ?? late);
    expect(started).toHaveLength(Math.min(done + 3, 103));
  }
  expect(started.at(-1)).toBe(103);
});

it("gives the turn on when a hashing fails", async () => {
  const failures = Array.from({ length: 10 }, () => inTurn(() => Promise.reject(new Error("out of memory"))));
  expect((await Promise.allSettled(failures)).every(({ status }) => status === "rejected")).toBe(true);
  expect(await inTurn(async () => "done")).toBe("done");
});
