import { createHmac } from "node:crypto";
import { clock, hours } from "@eventhive/common";
import { newId, signedIn } from "@eventhive/common/testing";
import request from "supertest";
import { app } from "../app";

const id = newId();
const cookie = signedIn(id, "alice@example.com");
const currentUser = (sent = "") => request(app).get("/api/users/currentuser").set("Cookie", sent).expect(200);

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
const decoded = (part = "") => JSON.parse(Buffer.from(part, "base64url").toString());

/** The cookie with its token changed and, if there is a key, signed again. */
function changed({ header = {}, payload = {}, key = "" }): string {
  const [oldHeader, oldPayload, oldSignature] = decoded(cookie.replace("session=", "")).jwt.split(".");
  const content = `${encoded({ ...decoded(oldHeader), ...header })}.${encoded({ ...decoded(oldPayload), ...payload })}`;
  const signature = key ? createHmac("sha256", key).update(content).digest("base64url") : oldSignature;
  return `session=${Buffer.from(JSON.stringify({ jwt: `${content}.${signature}` })).toString("base64")}`;
}

const ourKey = () => process.env.JWT_KEY;

afterEach(() => clock.use());

it("returns the signed-in user", async () => {
  const { body } = await currentUser(cookie);
  expect(body).toEqual({ currentUser: { id, email: "alice@example.com" } });
});

it("discloses nothing else from the token", async () => {
  const { body } = await currentUser(changed({ payload: { isAdmin: true }, key: ourKey() }));
  expect(body).toEqual({ currentUser: { id, email: "alice@example.com" } });
});

it.each([
  ["no cookie", ""],
  ["an unreadable cookie", "session=%%%"],
  ["a cookie without a token", `session=${Buffer.from("{}").toString("base64")}`],
  ["another's name under our signature", changed({ payload: { id: newId() } })],
  ["a token without a signature", changed({ header: { alg: "none" } }).replace(/\.[^.]*$/, ".")],
  ["a token signed with another key", changed({ key: "another-key-another-key-another-key" })],
  ["a token of another issuer", changed({ payload: { iss: "somebody" }, key: ourKey() })],
  ["a token for another audience", changed({ payload: { aud: "somebody" }, key: ourKey() })],
])("returns no user for %s", async (_, sent) => {
  const { body } = await currentUser(sent);
  expect(body).toEqual({ currentUser: null });
});

it("returns no user for an expired token", async () => {
  const now = clock.now();
  clock.use(() => now + hours(23));
  expect((await currentUser(cookie)).body.currentUser).not.toBeNull();
  clock.use(() => now + hours(25));
  expect((await currentUser(cookie)).body).toEqual({ currentUser: null });
});
