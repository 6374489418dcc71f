import type { Express, Request } from "express";
import jwt from "jsonwebtoken";
import request from "supertest";
import type * as Clock from "../base/clock";
import type * as CreateApp from "./create-app";
import type * as Session from "./session";

const user = { id: "a".repeat(24), email: "someone@example.com" };
const key = String(process.env.JWT_KEY);
const given = { ...process.env };

/** An app that reads its settings afresh, as a process of its own would. */
function appWith(environment: Record<string, string> = {}) {
  process.env = { ...given, ...environment };
  jest.resetModules();
  const { createApp }: typeof CreateApp = require("./create-app");
  const { currentUser, findCurrentUser, requireAuth, signIn, signOut }: typeof Session = require("./session");
  const { clock: time }: typeof Clock = require("../base/clock");
  const app = createApp((api) => {
    api.post("/sign-in", (req, res) => {
      signIn(req, user);
      res.json({});
    });
    api.post("/sign-out", (req, res) => {
      signOut(req);
      res.json({});
    });
    api.get("/who", (req, res) => void res.json({ user: findCurrentUser(req) ?? null }));
    api.get("/mine", requireAuth, (req, res) => void res.json(currentUser(req)));
  });
  return { app, time };
}

afterEach(() => {
  process.env = given;
});

const cookiesOf = async (app: Express, path = "/sign-in", headers = {}) => {
  const { headers: received } = await request(app).post(path).set(headers);
  return String(received["set-cookie"]);
};

const sessionOf = (token: unknown) =>
  `session=${Buffer.from(JSON.stringify({ jwt: token })).toString("base64")}`;

const tokenIn = (cookie: string): string => {
  const value = /session=([^;]+)/.exec(cookie)?.[1] ?? "";
  return JSON.parse(Buffer.from(value, "base64").toString()).jwt;
};

async function whoIs(app: Express, cookie: string): Promise<unknown> {
  const { body } = await request(app).get("/who").set("Cookie", cookie).expect(200);
  return body.user;
}

it("recognizes the signed-in user", async () => {
  const { app } = appWith();
  const cookie = await cookiesOf(app);
  expect(await whoIs(app, cookie)).toEqual(user);
  await request(app).get("/mine").set("Cookie", cookie).expect(200, user);
});

it("has no user without a cookie, and responds with 401 where one is required", async () => {
  const { app } = appWith();
  expect(await whoIs(app, "")).toBeNull();
  const { body } = await request(app).get("/mine").expect(401);
  expect(body).toMatchObject({ code: "not-signed-in" });
});

it("signs a token with the user and an expiry, and writes nothing else to the cookie", async () => {
  const { app } = appWith({ JWT_EXPIRES_IN: "15m" });
  const token = tokenIn(await cookiesOf(app));
  const { exp = 0, iat = 0, ...rest } = jwt.verify(token, key, { algorithms: ["HS256"] }) as jwt.JwtPayload;
  expect(rest).toEqual({ ...user, iss: "eventhive", aud: "eventhive" });
  expect(exp - iat).toBe(900);
});

it("sets an HttpOnly, SameSite cookie with the lifetime of the token", async () => {
  const { app } = appWith({ JWT_EXPIRES_IN: "1h" });
  const cookie = await cookiesOf(app);
  expect(cookie).toMatch(/; path=\/; /);
  expect(cookie).toMatch(/; samesite=lax/i);
  expect(cookie).toMatch(/; httponly/i);
  expect(cookie).not.toMatch(/; secure/i);
  const expires = Date.parse(/expires=([^;]+)/.exec(cookie)?.[1] ?? "");
  expect(Math.abs(expires - Date.now() - 3_600_000)).toBeLessThan(5000);
});

it("sets a Secure cookie if the public URL uses https", async () => {
  const { app } = appWith({ PUBLIC_URL: "https://tickets.example" });
  expect(await cookiesOf(app, "/sign-in", { "X-Forwarded-Proto": "https" })).toMatch(/; secure/i);
});

it("removes the cookie at sign-out", async () => {
  const { app } = appWith();
  expect(await cookiesOf(app, "/sign-out")).toMatch(/session=; .*expires=Thu, 01 Jan 1970/);
});

describe("several cookies named session", () => {
  const other = { id: "b".repeat(24), email: "another@example.com" };
  const valid = { algorithm: "HS256", issuer: "eventhive", audience: "eventhive" } as const;

  async function cookieOf(app: Express, whose: object, iat: number, expiresIn = 600): Promise<string> {
    const keyid = jwt.decode(tokenIn(await cookiesOf(app)), { complete: true })?.header.kid;
    return sessionOf(jwt.sign({ ...whose, iat }, key, { ...valid, keyid, expiresIn }));
  }

  it("are read until one is valid", async () => {
    const { app } = appWith();
    const good = (await cookiesOf(app)).split(";")[0];
    const ended = await cookieOf(app, other, Math.floor(Date.now() / 1000) - 3600);
    const foreign = sessionOf(jwt.sign(other, "another-key-another-key-another-key", valid));
    for (const bad of [ended, foreign, "session=", "session=junk", 'session="', sessionOf(7)])
      for (const cookies of [`${bad}; ${good}`, `${good}; ${bad}`, `a=b;${bad};  ${good}; c`])
        expect(await whoIs(app, cookies)).toEqual(user);
    expect(await whoIs(app, `asession=${good?.slice(8)}; session2=${good?.slice(8)}`)).toBeNull();
  });

  it("are resolved to the latest sign-in, whatever their order", async () => {
    const { app, time } = appWith();
    const now = Date.now();
    time.use(() => now - 1); // in the same second
    const before = (await cookiesOf(app)).split(";")[0];
    time.use(() => now);
    const after = await cookieOf(app, other, now / 1000);
    expect(await whoIs(app, `${before}; ${after}`)).toEqual(other);
    expect(await whoIs(app, `${after}; ${before}`)).toEqual(other);
  });

  const cleared = async (path: string, sent: string, url: string) => {
    const { app } = appWith({ PUBLIC_URL: url });
    const response = request(app).post(path).set({ Cookie: sent, "X-Forwarded-Proto": "https" });
    const cookies: string[] = [(await response).headers["set-cookie"] ?? []].flat();
    return cookies
      .filter((cookie) => /^session=;.*expires=Thu, 01 Jan 1970/i.test(cookie))
      .map(
        (cookie) => `${/domain=([^;]+)/i.exec(cookie)?.[1] ?? "host"} ${/path=([^;]+)/i.exec(cookie)?.[1]}`,
      );
  };

  it("are all cleared at sign-out, of parent domains and of paths as well", async () => {
    const url = "https://tickets.example.com";
    expect(await cleared("/sign-out", "session=a", url)).toEqual([
      "tickets.example.com /",
      "example.com /",
      "host /",
    ]);
    expect(await cleared("/sign-out", "session=a; session=b", url)).toEqual([
      "tickets.example.com /",
      "example.com /",
      "host /sign-out",
      "tickets.example.com /sign-out",
      "example.com /sign-out",
      "host /",
    ]);
  });

  it("are replaced by the new one at sign-in", async () => {
    const url = "https://example.com";
    expect(await cleared("/sign-in", "session=a; session=b", url)).toEqual([
      "example.com /",
      "host /sign-in",
      "example.com /sign-in",
    ]);
    expect(await cleared("/sign-in", "session=a", url)).toEqual([]);
  });

  it.each(["http://localhost:3000", "https://203.0.113.7"])("have no domain at %s", async (url) => {
    expect(await cleared("/sign-out", "session=a", url)).toEqual(["host /"]);
  });
});

it("ends the session when the token expires, give or take 30 s", async () => {
  const { app, time } = appWith();
  const start = 1_800_000_000_000;
  time.use(() => start);
  const cookie = await cookiesOf(app);
  const ends = start + 24 * 3600 * 1000;
  time.use(() => ends + 29_000);
  expect(await whoIs(app, cookie)).toEqual(user);
  time.use(() => ends + 31_000);
  expect(await whoIs(app, cookie)).toBeNull();
});

it("ends sessions from before the lifetime was shortened by the new one, and none from before it was extended", async () => {
  const start = 1_800_000_000_000;
  const signedAt = async (lifetime: string) => {
    const { app, time } = appWith({ JWT_EXPIRES_IN: lifetime });
    time.use(() => start);
    return cookiesOf(app);
  };
  const lastsAfter = async (seconds: number, cookie: string, lifetime: string) => {
    const { app, time } = appWith({ JWT_EXPIRES_IN: lifetime });
    time.use(() => start + seconds * 1000);
    return (await whoIs(app, cookie)) !== null;
  };
  const [ofADay, ofAnHour] = [await signedAt("24h"), await signedAt("1h")];
  expect([await lastsAfter(3629, ofADay, "1h"), await lastsAfter(3631, ofADay, "1h")]).toEqual([true, false]);
  expect([await lastsAfter(3629, ofAnHour, "24h"), await lastsAfter(3631, ofAnHour, "24h")]).toEqual([
    true,
    false,
  ]);
});

describe("a forged token", () => {
  const kid = async (app: Express) =>
    jwt.decode(tokenIn(await cookiesOf(app)), { complete: true })?.header.kid;
  const valid = { algorithm: "HS256", issuer: "eventhive", audience: "eventhive", expiresIn: 60 } as const;

  it("would be accepted if it were signed like ours", async () => {
    const { app } = appWith();
    const token = jwt.sign(user, key, { ...valid, keyid: await kid(app) });
    expect(await whoIs(app, sessionOf(token))).toEqual(user);
  });

  it.each<[string, string, jwt.SignOptions]>([
    ["with another key", "another-key-another-key-another-key", valid],
    ["without a signature", "", { ...valid, algorithm: "none" }],
    ["with another algorithm", key, { ...valid, algorithm: "HS512" }],
    ["by another issuer", key, { ...valid, issuer: "else" }],
    ["for another audience", key, { ...valid, audience: "else" }],
    ["that has ended", key, { ...valid, expiresIn: -60 }],
  ])("%s identifies no user", async (_name, signedWith, options) => {
    const { app } = appWith();
    const token = jwt.sign(user, signedWith, { ...options, keyid: await kid(app) });
    expect(await whoIs(app, sessionOf(token))).toBeNull();
  });

  it("without a user, without a key ID, or malformed identifies no user", async () => {
    const { app } = appWith();
    const incomplete = jwt.sign({ id: user.id }, key, { ...valid, keyid: await kid(app) });
    for (const token of [incomplete, jwt.sign(user, key, valid), "a.b.c", 7, null, { id: user.id }]) {
      expect(await whoIs(app, sessionOf(token))).toBeNull();
    }
    expect(await whoIs(app, "session=not-base64-json")).toBeNull();
  });
});

it("verifies a token once, and remembers the last 1,000", async () => {
  appWith();
  const { createToken, findCurrentUser }: typeof Session = require("./session");
  const verify = jest.spyOn(require("jsonwebtoken") as typeof jwt, "verify");
  const calls = (token: string) => {
    const before = verify.mock.calls.length;
    const req = { get: () => sessionOf(token), app: { locals: {} } } as unknown as Request;
    expect(findCurrentUser(req)).toMatchObject({ email: user.email });
    return verify.mock.calls.length - before;
  };
  const tokens = Array.from({ length: 1001 }, (_, n) => createToken({ ...user, id: `user-${n}` }));
  const [first = "", second = "", ...others] = tokens;
  expect([calls(first), calls(first), calls(second)]).toEqual([1, 0, 1]);
  for (const token of others) calls(token);
  expect([calls(second), calls(first)]).toEqual([0, 1]);
});

it("accepts tokens of the previous key until they end, and signs with the new one", async () => {
  const before = appWith();
  const oldCookie = await cookiesOf(before.app);
  const newKey = "the-new-key-the-new-key-the-new-key";
  const rotated = appWith({ JWT_KEY: newKey, JWT_PREVIOUS_KEY: key });
  expect(await whoIs(rotated.app, oldCookie)).toEqual(user);
  const newCookie = await cookiesOf(rotated.app);
  expect(jwt.verify(tokenIn(newCookie), newKey)).toMatchObject(user);
  const forgotten = appWith({ JWT_KEY: newKey });
  expect(await whoIs(forgotten.app, oldCookie)).toBeNull();
  expect(await whoIs(forgotten.app, newCookie)).toEqual(user);
});
