import { pauseMs } from "./pause";

const limits = { firstMs: 5_000, maxMs: 60_000 };
const pausesWhenRandomIs = (value: number) => {
  jest.spyOn(Math, "random").mockReturnValue(value);
  return [0, 1, 2, 3, 4, 5, 2_000].map((attempt) => pauseMs(attempt, limits));
};

it("doubles up to its limit", () => {
  expect(pausesWhenRandomIs(0)).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
});

it("is spread over the upper half of its range", () => {
  expect(pausesWhenRandomIs(0.5)).toEqual([3_750, 7_500, 15_000, 30_000, 45_000, 45_000, 45_000]);
  expect(pausesWhenRandomIs(1)).toEqual([2_500, 5_000, 10_000, 20_000, 30_000, 30_000, 30_000]);
});
