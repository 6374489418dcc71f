import { createHash } from "node:crypto";
import cookieSession from "cookie-session";
import type { Request, RequestHandler } from "express";
import jwt from "jsonwebtoken";
import { z } from "zod";
import { clock } from "../clock";
import { NotAuthenticatedError } from "../errors";
import { durationInSeconds, settings, text, url } from "../settings";

let isUsed = false;
const config = settings(
  {
    JWT_KEY: text().min(32, "must have at least 32 characters"),
    /** The key before the present one: tokens signed with it are accepted until they expire. */
    JWT_PREVIOUS_KEY: text().optional(),
    JWT_EXPIRES_IN: durationInSeconds().default(24 * 3600),
    /** Where people reach EventHive; its scheme decides whether the cookie is secure, its origin who may write. */
    PUBLIC_URL: url(),
  },
  () => isUsed,
);

const claims = z.object({ id: z.string(), email: z.string() });
/** Who sends a request, as the token says. */
export type CurrentUser = z.infer<typeof claims>;

const party = "eventhive";
const keyId = (key: string) => createHash("sha256").update(key).digest("hex").slice(0, 8);

/** The origin of the pages that may change things. */
export const publicOrigin = (): string => new URL(config.PUBLIC_URL).origin;

/** A token that says who its bearer is, for as long as a session lasts. */
export function createToken(user: CurrentUser): string {
  return jwt.sign({ ...user, iat: Math.floor(clock.now() / 1000) }, config.JWT_KEY, {
    algorithm: "HS256",
    expiresIn: config.JWT_EXPIRES_IN,
    issuer: party,
    audience: party,
    keyid: keyId(config.JWT_KEY),
  });
}

/** Nobody, for a token that is forged, expired, or not ours. */
function readToken(token: unknown): CurrentUser | undefined {
  if (typeof token !== "string") return undefined;
  try {
    const kid = jwt.decode(token, { complete: true })?.header.kid;
    const key = [config.JWT_KEY, config.JWT_PREVIOUS_KEY].find((known) => known && keyId(known) === kid);
    if (!key) return undefined;
    const payload = jwt.verify(token, key, {
      algorithms: ["HS256"],
      issuer: party,
      audience: party,
      clockTimestamp: Math.floor(clock.now() / 1000),
      clockTolerance: 30,
    });
    return claims.parse(payload);
  } catch {
    return undefined;
  }
}

/** The cookie named `session`. Built at the first request, when the settings have been checked. */
export function session(): RequestHandler {
  isUsed = true;
  let middleware: RequestHandler | undefined;
  return (req, res, next) => {
    middleware ??= cookieSession({
      name: "session",
      signed: false, // the token inside is
      httpOnly: true,
      sameSite: "lax",
      secure: config.PUBLIC_URL.startsWith("https:"),
      maxAge: config.JWT_EXPIRES_IN * 1000,
    });
    return middleware(req, res, next);
  };
}

/** The answer to this request brings the cookie. */
export function signIn(req: Request, user: CurrentUser): void {
  req.session = { jwt: createToken(user) };
}

/** The answer to this request takes the cookie away; the token in it stays good until it ends. */
export function signOut(req: Request): void {
  req.session = null;
}

const users = new WeakMap<Request, CurrentUser | undefined>();

/** Who sends this request, or nobody. */
export function findCurrentUser(req: Request): CurrentUser | undefined {
  if (!users.has(req)) users.set(req, readToken(req.session?.jwt));
  return users.get(req);
}

/** @throws NotAuthenticatedError when nobody is signed in */
export function currentUser(req: Request): CurrentUser {
  const user = findCurrentUser(req);
  if (!user) throw new NotAuthenticatedError();
  return user;
}

/** Refuses whoever is not signed in; name it before the validators. */
export const requireAuth: RequestHandler = (req, _res, next) => {
  currentUser(req);
  next();
};
