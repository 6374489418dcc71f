import crypto from "node:crypto";
import { clock } from "@eventhive/common";
import { setUpService } from "@eventhive/common/testing";
import request from "supertest";
import { eventually } from "../../../common/src/testing/eventually";
import { app } from "../app";
import { database } from "../database";
import { User } from "../models/user";
import { password, storedUser } from "../../test/fixtures";

setUpService(database);

const signUp = (body?: object) => request(app).post("/api/users/signup").send(body);

it("creates an account and signs in", async () => {
  clock.use(() => Date.parse("2030-01-01T12:00:00Z"));
  const { body, headers } = await signUp({ email: "alice@example.com", password }).expect(201);

  expect(body).toEqual({ id: expect.stringMatching(/^[0-9a-f]{24}$/), email: "alice@example.com" });
  const { body: session } = await request(app)
    .get("/api/users/currentuser")
    .set("Cookie", headers["set-cookie"] ?? "");
  expect(session).toEqual({ currentUser: body });
  const user = await User.findById(body.id).orFail();
  expect(user.createdAt).toEqual(new Date("2030-01-01T12:00:00Z"));
  expect(user.password).toMatch(/^\$scrypt\$/);
});

it("stores the email in lower case, and otherwise as entered", async () => {
  const { body } = await signUp({ email: "Al.Ice+tickets@GMail.com", password }).expect(201);
  expect(body.email).toBe("al.ice+tickets@gmail.com");
});

it("accepts one of fifty concurrent sign-ups with the same email, however it is spelled", async () => {
  const responses = await Promise.all(
    Array.from({ length: 50 }, (_, number) =>
      signUp({ email: number % 2 ? "alice@example.com" : "ALICE@Example.com", password }),
    ),
  );
  expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
  const refusals = responses.filter(({ body }) => body.code === "email-in-use");
  expect(refusals.map(({ status }) => status)).toEqual(Array(49).fill(400));
  expect(refusals.map(({ headers }) => headers["set-cookie"])).toEqual(Array(49).fill(undefined));
  expect(await User.countDocuments()).toBe(1);
});

it.each([
  ["one email", "alice@example.com", "ALICE@Example.com"],
  ["one mailbox in two spellings", "u@bücher.example", "u@xn--bcher-kva.example"],
])("lets one of two sign up with %s when both are hashed at the same time", async (_, one, other) => {
  const { scrypt } = crypto;
  const held: (() => void)[] = [];
  const hold = jest.spyOn(crypto, "scrypt").mockImplementation((...parameters) => {
    held.push(() => scrypt(...parameters));
  });
  const responses = [one, other].map((email) => signUp({ email, password }).then(({ status }) => status));
  await eventually(() => expect(held).toHaveLength(2));
  hold.mockRestore();
  for (const hash of held) hash();
  expect(await Promise.all(responses)).toEqual(expect.arrayContaining([201, 400]));
  expect(await User.countDocuments()).toBe(1);
});

it("accepts one of many concurrent sign-ups with spellings of the same mailbox", async () => {
  const spellings = [
    "u@bücher.example",
    "u@xn--bcher-kva.example",
    "U@BU\u0308CHER.example",
    '"u"@bücher.example',
  ];
  const responses = await Promise.all(
    Array.from({ length: 30 }, (_, number) => signUp({ email: spellings[number % 4], password })),
  );
  expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(responses.filter(({ body }) => body.code === "email-in-use")).toHaveLength(29);
  expect(await User.countDocuments()).toBe(1);
});

it("keeps the spelling as entered", async () => {
  const { body } = await signUp({ email: "U@Bücher.example", password }).expect(201);
  expect(body.email).toBe("u@bücher.example");
});

it("names the field when the email is in use", async () => {
  await signUp({ email: "alice@example.com", password }).expect(201);
  const { body } = await signUp({ email: "alice@example.com", password }).expect(400);
  expect(body).toMatchObject({ code: "email-in-use", errors: [{ field: "email" }] });
});

it("rejects the email of an account that an older version stored without a canonical email", async () => {
  await storedUser({ email: "alice@example.com", password: "a hash" });
  const { body } = await signUp({ email: "alice@example.com", password }).expect(400);
  expect(body.code).toBe("email-in-use");
});

it.each([
  ["no email", { password }, ["email"]],
  ["no email address", { email: "alice", password }, ["email"]],
  ["several emails", { email: ["alice@example.com"], password }, ["email"]],
  ["an operator for an email", { email: { $gt: "" }, password }, ["email"]],
  ["no password", { email: "alice@example.com" }, ["password"]],
  ["a short password", { email: "alice@example.com", password: "1234567" }, ["password"]],
  ["a long password", { email: "alice@example.com", password: "x".repeat(129) }, ["password"]],
  ["a blank password", { email: "alice@example.com", password: " ".repeat(8) }, ["password"]],
  ["a number for a password", { email: "alice@example.com", password: 12345678 }, ["password"]],
  ["an operator for a password", { email: "alice@example.com", password: { $gt: "" } }, ["password"]],
  ["no input", undefined, ["email", "password"]],
])("refuses %s", async (_, input, fields) => {
  const { body } = await signUp(input).expect(400);
  expect(body.code).toBe("invalid-input");
  expect(body.errors.map(({ field }: { field: string }) => field)).toEqual(fields);
  expect(await User.countDocuments()).toBe(0);
});

it.each(["12345678", "x".repeat(128), "🐝".repeat(128), "  a bee  "])(
  "accepts the password %s",
  async (good) => {
    await signUp({ email: "alice@example.com", password: good }).expect(201);
  },
);

it("ignores everything but email and password in the body", async () => {
  const more = { _id: "6".repeat(24), id: "6".repeat(24), createdAt: "2001-01-01T00:00:00Z", isAdmin: true };
  const { body } = await signUp({ email: "alice@example.com", password, ...more }).expect(201);
  expect(Object.keys(body)).toEqual(["id", "email"]);
  expect(body.id).not.toBe(more.id);
  const user = await User.findById(body.id).orFail();
  expect(user.createdAt).not.toEqual(new Date(more.createdAt));
});

it.each([
  ["malformed JSON", 400, "malformed", "application/json", "{"],
  ["a body that is too large", 413, "too-large", "application/json", `{"email":"${"x".repeat(10_240)}"}`],
  ["a body that is not JSON", 415, "not-json", "text/plain", "email=alice@example.com"],
])("refuses %s", async (_, status, code, type, text) => {
  const { body } = await request(app).post("/api/users/signup").type(type).send(text).expect(status);
  expect(body.code).toBe(code);
});
