import crypto from "node:crypto";
import { setUpService } from "@eventhive/common/testing";
import request from "supertest";
import { eventually } from "../../../common/src/testing/eventually";
import { app } from "../app";
import { database } from "../database";
import { signInHashes } from "../hashing-queue";
import { User } from "../models/user";
import { hashPassword } from "../password";
import {
  afterNextRead,
  endSessionsOf,
  hearSignOut,
  password,
  registered,
  storedUser,
  whoIs,
} from "../../test/fixtures";

process.env.HASHING_QUEUE_TIMEOUT = "1h"; // hashes are held up here
const service = setUpService(database);
afterEach(() => jest.restoreAllMocks());

const signIn = (body?: object) => request(app).post("/api/users/signin").send(body);

it("signs in, however the email is written", async () => {
  const user = await registered("alice@example.com");
  const { body, headers } = await signIn({ email: "Alice@EXAMPLE.com", password }).expect(200);

  expect(body).toEqual({ id: user.id, email: "alice@example.com" });
  const { body: session } = await request(app)
    .get("/api/users/currentuser")
    .set("Cookie", headers["set-cookie"] ?? "");
  expect(session).toEqual({ currentUser: body });
});

it.each(["u@bücher.example", "u@xn--bcher-kva.example", "U@bu\u0308cher.EXAMPLE"])(
  "signs in as %s, however the domain was written at sign-up",
  async (email) => {
    for (const given of ["u@bücher.example", "u@xn--bcher-kva.example"]) {
      await User.deleteMany({});
      const user = await registered(given);
      const { body } = await signIn({ email, password }).expect(200);
      expect(body).toEqual({ id: user.id, email: given });
    }
  },
);

it("signs in with the epoch that its last write read, when all sessions ended in the meantime", async () => {
  const { id, email } = await registered();
  const before = await signIn({ email, password }).expect(200);
  afterNextRead(() => endSessionsOf(id));
  const during = await signIn({ email, password }).expect(200);
  await hearSignOut(service);
  expect(await whoIs(before.headers["set-cookie"])).toBeNull();
  expect(await whoIs(during.headers["set-cookie"])).toBe(id);
});

it("returns the same error for an unknown email as for a wrong password", async () => {
  await registered("alice@example.com");
  const wrong = await signIn({ email: "alice@example.com", password: "wrong horse" }).expect(400);
  const unknown = await signIn({ email: "bob@example.com", password }).expect(400);

  expect(wrong.body.code).toBe("invalid-credentials");
  expect(unknown.body).toEqual({ ...wrong.body, requestId: unknown.body.requestId });
  expect(wrong.headers["set-cookie"]).toBeUndefined();
});

it.each([
  ["an unknown email", undefined],
  ["a hash of another algorithm", "$2b$12$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234"],
  ["no hash", "correct horse"],
  ["a hash that was cut off", `$scrypt$ln=4,r=8,p=1$${"A".repeat(32)}$A`],
  ["a hash too costly to compute", `$scrypt$ln=40,r=8,p=1$${"A".repeat(32)}$${"A".repeat(64)}`],
])("does the same work for %s as for a wrong password", async (_, stored) => {
  const work = jest.spyOn(crypto, "scrypt");
  const workOf = async (email: string) => {
    work.mockClear();
    await signIn({ email, password: "wrong horse" }).expect(400);
    return work.mock.calls.map(([, , keyLength, options]) => ({ keyLength, options }));
  };
  await registered("alice@example.com");
  if (stored) await storedUser({ email: "bob@example.com", password: stored });

  const ofWrongPassword = await workOf("alice@example.com");
  expect(ofWrongPassword).toHaveLength(1);
  expect(await workOf("bob@example.com")).toEqual(ofWrongPassword);
  work.mockRestore();
});

it("replaces a hash with old parameters, once the password has been verified", async () => {
  const old = await hashPassword(password, 8);
  const { id } = await storedUser({ email: "alice@example.com", password: old });
  const present = async () => (await User.findById(id).orFail()).password;

  await signIn({ email: "alice@example.com", password: "wrong horse" }).expect(400);
  expect(await present()).toBe(old);

  await signIn({ email: "alice@example.com", password }).expect(200);
  const renewed = await present();
  expect(renewed).toMatch(/^\$scrypt\$ln=4,r=8,p=1\$/);

  await signIn({ email: "alice@example.com", password }).expect(200);
  expect(await present()).toBe(renewed);
});

it("returns 503 when too many passwords are waiting to be hashed, and counts no failure", async () => {
  await registered("alice@example.com");
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const crowd = Array.from({ length: 102 }, (_, number) =>
    signInHashes.run(`198.51.100.${number}`, () => finished),
  );

  for (const email of [...Array<string>(11).fill("alice@example.com"), "nobody@example.com"]) {
    const { body, headers } = await signIn({ email, password }).expect(503);
    expect(body.code).toBe("unavailable");
    expect(headers["retry-after"]).toBe("1");
  }
  finish();
  await Promise.all(crowd);
  await signIn({ email: "alice@example.com", password }).expect(200);
});

it("signs in at once while another address fills the queue with sign-ups", async () => {
  await registered("alice@example.com");
  const { scrypt } = crypto;
  const held: { password: unknown; finish: () => void }[] = [];
  const hold = jest.spyOn(crypto, "scrypt").mockImplementation((...parameters) => {
    held.push({ password: parameters[0], finish: () => scrypt(...parameters) });
  });
  const refusals: string[] = [];
  const crowd = Array.from({ length: 110 }, async (_, number) => {
    const { status, headers } = await request(app)
      .post("/api/users/signup")
      .set("X-Forwarded-For", "203.0.113.7")
      .send({ email: `user-${number}@example.com`, password: "battery staple" });
    if (status !== 201) refusals.push(`${status} after ${headers["retry-after"]} s`);
  });
  await eventually(() => expect(refusals).toEqual(Array(8).fill("429 after 5 s")));

  const hashing = jest.spyOn(signInHashes, "run");
  const response = signIn({ email: "alice@example.com", password })
    .set("X-Forwarded-For", "198.51.100.1")
    .then(({ status }) => status);
  await eventually(() => expect(hashing).toHaveBeenCalled());
  for (const hash of held.slice(0, 2)) hash.finish();
  await eventually(() => expect(held).toHaveLength(4)); // one of each queue
  expect(held.slice(2).map((hash) => hash.password)).toContain(password);
  hold.mockRestore();
  for (const hash of held.slice(2)) hash.finish();
  expect(await response).toBe(200);
  await Promise.all(crowd);
  expect(refusals).toHaveLength(8);
});

it.each([
  ["no email", { password }, ["email"]],
  ["no email address", { email: "alice", password }, ["email"]],
  ["several emails", { email: ["alice@example.com"], password }, ["email"]],
  ["an operator for an email", { email: { $gt: "" }, password }, ["email"]],
  ["no password", { email: "alice@example.com" }, ["password"]],
  ["an empty password", { email: "alice@example.com", password: "" }, ["password"]],
  ["several passwords", { email: "alice@example.com", password: [password] }, ["password"]],
  ["an operator for a password", { email: "alice@example.com", password: { $gt: "" } }, ["password"]],
  ["no input", undefined, ["email", "password"]],
])("refuses %s", async (_, input, fields) => {
  await registered("alice@example.com");
  const { body } = await signIn(input).expect(400);
  expect(body.code).toBe("invalid-input");
  expect(body.errors.map(({ field }: { field: string }) => field)).toEqual(fields);
});

it.each([
  ["malformed JSON", 400, "malformed", "application/json", "{"],
  ["a body that is too large", 413, "too-large", "application/json", `{"email":"${"x".repeat(10_240)}"}`],
  ["a body that is not JSON", 415, "not-json", "text/plain", "email=alice@example.com"],
])("refuses %s", async (_, status, code, type, text) => {
  const { body } = await request(app).post("/api/users/signin").type(type).send(text).expect(status);
  expect(body.code).toBe(code);
});
