import { picture } from "./poster-queue";

type Picture = Uint8Array<ArrayBuffer>;

/** Images that are drawn when the test says so. */
const drawing: { finish: (image: Picture) => void; fail: (error: Error) => void }[] = [];
const draw = () => new Promise<Picture>((resolve, reject) => drawing.push({ finish: resolve, fail: reject }));
const image = (number: number): Picture => Uint8Array.of(number);

/** What was scheduled by then has run. */
const settled = () => new Promise(setImmediate);

async function finishAll(): Promise<void> {
  while (drawing.length > 0) {
    for (const { finish } of drawing.splice(0)) finish(image(0));
    await settled();
  }
}
afterEach(finishAll);

it("draws two images at once, and the others in their order", async () => {
  const pictures = [1, 2, 3, 4].map((number) => picture(`in turn ${number}`, draw));
  await settled();
  expect(drawing).toHaveLength(2);
  drawing[1]?.finish(image(2));
  await settled();
  expect(drawing).toHaveLength(3);
  drawing[0]?.finish(image(1));
  await settled();
  for (const number of [3, 4]) drawing[number - 1]?.finish(image(number));
  for (const [index, made] of pictures.entries()) expect(await made).toEqual(image(index + 1));
});

it("refuses an image when twenty wait, but none that another has requested", async () => {
  for (let number = 0; number < 22; number++) expect(picture(`waiting ${number}`, draw)).toBeDefined();
  expect(picture("one too many", draw)).toBeUndefined();
  expect(picture("waiting 21", draw)).toBe(picture("waiting 21", draw));
  await finishAll();
  expect(picture("one too many", draw)).toBeDefined();
});

it("draws an image once for all who request it, and the oldest of more than a hundred again", async () => {
  const request = async (number: number) => {
    const made = picture(`kept ${number}`, draw);
    await finishAll();
    return made;
  };
  const made = picture("kept 0", draw);
  expect(picture("kept 0", draw)).toBe(made);
  expect(drawing).toHaveLength(1);
  await finishAll();
  for (let number = 1; number < 100; number++) await request(number);
  expect(picture("kept 0", draw)).toBe(made);

  await request(100);
  expect(picture("kept 0", draw)).toBe(made); // requested later than the first of the others
  void picture("kept 1", draw);
  expect(drawing).toHaveLength(1);
});

it("has its limits from the settings", async () => {
  Object.assign(process.env, {
    PREVIEW_CONCURRENCY: "1",
    MAX_PENDING_PREVIEWS: "2",
    MAX_KEPT_PREVIEWS: "3",
  });
  try {
    jest.resetModules();
    const { picture } = await import("./poster-queue"); // without the images of other tests
    const made = picture("set 1", draw);
    void picture("set 2", draw);
    void picture("set 3", draw);
    await settled();
    expect(drawing).toHaveLength(1);
    expect(picture("set 4", draw)).toBeUndefined();
    await finishAll();
    expect(picture("set 1", draw)).toBe(made);
    void picture("set 4", draw); // leaves no room for the oldest
    await finishAll();
    expect(picture("set 1", draw)).toBe(made);
    void picture("set 2", draw);
    expect(drawing).toHaveLength(1);
  } finally {
    delete process.env.PREVIEW_CONCURRENCY;
    delete process.env.MAX_PENDING_PREVIEWS;
    delete process.env.MAX_KEPT_PREVIEWS;
  }
});

it("draws an image again after it could not be drawn, and the next one", async () => {
  const failed = [1, 2, 3].map((number) => picture(`failing ${number}`, draw));
  await settled();
  for (const { fail } of drawing.splice(0)) fail(new Error("no such font"));
  await expect(failed[0]).rejects.toThrow("no such font");
  await settled();
  expect(drawing).toHaveLength(1);
  void picture("failing 1", draw);
  await settled();
  expect(drawing).toHaveLength(2);
});
