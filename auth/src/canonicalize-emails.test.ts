import { clock, hours } from "@eventhive/common";
import { setUpService } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "./app";
import { canonicalizeEmails } from "./canonicalize-emails";
import { database } from "./database";
import { listEmailCollisions } from "./list-email-collisions";
import { User } from "./models/user";
import { hashPassword } from "./password";
import { password, storedUser } from "../test/fixtures";

setUpService(database);

const unicode = "u@bücher.example";
const ascii = "u@xn--bcher-kva.example";

let printed: string[];
beforeEach(() => {
  printed = [];
  jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed.push(String(text).trimEnd());
    return true;
  });
});
afterEach(() => jest.restoreAllMocks());

/** As a process of the release before wrote it. */
async function storedBefore(email: string, hoursAgo = 0): Promise<string> {
  clock.use(() => Date.now() - hours(hoursAgo));
  const { id } = await storedUser({ email, password: await hashPassword(password) });
  clock.use();
  return id;
}

const signIn = (email: string) => request(app).post("/api/users/signin").send({ email, password });
const signUp = (email: string) => request(app).post("/api/users/signup").send({ email, password });
const canonicalOf = async (id: string) => (await User.findById(id).orFail()).canonicalEmail;

it("sets the canonical email of every account, once", async () => {
  const ids = await Promise.all(
    ["Ann@Example.com", "bob@example.com", unicode].map((email) => storedBefore(email)),
  );
  await canonicalizeEmails();
  expect(await Promise.all(ids.map(canonicalOf))).toEqual(["ann@example.com", "bob@example.com", ascii]);
  await signIn(ascii).expect(200);
  expect((await signUp(ascii).expect(400)).body.code).toBe("email-in-use");
  await canonicalizeEmails();
  expect(printed).toEqual([
    "canonicalized 3, left out 0 that collide with an older account",
    "canonicalized 0, left out 0 that collide with an older account",
  ]);
});

it.each([
  ["was stored first", 2, 1],
  ["was stored last", 1, 2],
])(
  "lets the older of two accounts keep the mailbox when the Unicode one %s",
  async (_, ageOfOne, ageOfOther) => {
    const one = await storedBefore(unicode, ageOfOne);
    const other = await storedBefore(ascii, ageOfOther);
    await canonicalizeEmails();
    const [older, younger] = ageOfOne > ageOfOther ? [one, other] : [other, one];
    expect([await canonicalOf(older), await canonicalOf(younger)]).toEqual([ascii, undefined]);
  },
);

it("lets both sign in with their exact spelling, and lists the younger", async () => {
  const older = await storedBefore(unicode, 2);
  const younger = await storedBefore(ascii, 1);
  await canonicalizeEmails();
  expect((await signIn(unicode).expect(200)).body.id).toBe(older);
  expect((await signIn("u@bu\u0308cher.example").expect(200)).body.id).toBe(older);
  expect((await signIn(ascii.toUpperCase()).expect(200)).body.id).toBe(younger);
  printed = [];
  await listEmailCollisions();
  expect(printed).toEqual([`${younger}  ${ascii}  ${older}  ${unicode}`]);
});

it("reclaims the mailbox from an account created in between", async () => {
  const older = await storedBefore(unicode, 2);
  const { body } = await signUp(ascii).expect(201);
  expect(await canonicalOf(body.id)).toBe(ascii);
  await canonicalizeEmails();
  expect([await canonicalOf(older), await canonicalOf(body.id)]).toEqual([ascii, undefined]);
  expect((await signIn(ascii).expect(200)).body.id).toBe(body.id);
});

it("resumes after an interruption, and while accounts are stored in the old form", async () => {
  const [first, second] = [await storedBefore("ann@example.com"), await storedBefore("bob@example.com")];
  const update = jest.spyOn(User, "updateOne").mockImplementationOnce(() => {
    throw new Error("the database is unavailable");
  });
  await expect(canonicalizeEmails()).rejects.toThrow("the database is unavailable");
  update.mockRestore();
  const third = await storedBefore("carol@example.com");
  await listEmailCollisions();
  expect(printed.at(-1)).toMatch(/^[123] accounts have no canonical email yet: run canonicalize-emails$/);
  await canonicalizeEmails();
  for (const id of [first, second, third]) expect(await canonicalOf(id)).toBeDefined();
});

it("assigns a mailbox to the oldest account, even with concurrent runs", async () => {
  const spellings = [unicode, ascii, "u@bu\u0308cher.example"];
  const ids: string[] = [];
  for (const email of spellings) ids.push(await storedBefore(email, ids.length + 1));
  await Promise.all([canonicalizeEmails(), canonicalizeEmails(), canonicalizeEmails()]);
  await canonicalizeEmails();
  expect(await Promise.all(ids.map(canonicalOf))).toEqual([undefined, undefined, ascii]);
});

it("starts with colliding accounts, and has the unique index from the first start", async () => {
  await storedBefore(unicode);
  await storedBefore(ascii);
  await User.collection.dropIndex("canonicalEmail_1");
  await User.createIndexes(); // as every process does before it is ready
  expect(await User.collection.indexes()).toContainEqual(
    expect.objectContaining({ key: { canonicalEmail: 1 }, unique: true, sparse: true }),
  );
});
