import { type KeyObject, createHash, createHmac, createSecretKey } from "node:crypto";
import { isIP } from "node:net";
import cookieSession from "cookie-session";
import type { Request, RequestHandler } from "express";
import jwt from "jsonwebtoken";
import { z } from "zod";
import { clock, seconds } from "../base/clock";
import { BannedError, NotAuthenticatedError } from "../contract/errors";
import { durationInSeconds, settings, text, url } from "../base/settings";

let isUsed = false;
const config = settings(
  {
    JWT_KEY: text().min(32, "must have at least 32 characters"),
    /** The previous key: tokens signed with it are accepted until they expire. */
    JWT_PREVIOUS_KEY: text().optional(),
    JWT_EXPIRES_IN: durationInSeconds().default(24 * 3600),
    /**
     * The public address of EventHive; its scheme decides whether the cookie is secure, its origin which pages may
     * write.
     */
    PUBLIC_URL: url(),
  },
  () => isUsed,
);

const user = z.object({ id: z.string(), email: z.string() });
const claims = user.extend({
  iat: z.number(),
  exp: z.number(),
  sessionEpoch: z.int().nonnegative().default(0),
});
type Claims = z.infer<typeof claims>;

/**
 * The sender of a request, according to the token.
 * @example
 * const isSeller = (user: CurrentUser) => user.id === ticket.userId;
 * isSeller({ id: newId(), email: "someone@example.com" }); // => false
 */
export type CurrentUser = z.infer<typeof user>;

const issuer = "eventhive";

interface Key {
  id: string;
  secret: KeyObject;
  /** The claims of tokens signed with it: verifying one takes a fifth of the CPU of the smallest request. */
  verified: Map<string, Claims>;
}

/** About 500 bytes each. */
const maxVerified = 1000;

const keys = new Map<string, Key>();

/** Made once for each of the two in the settings: making one costs more than checking a token with it. */
function keyOf(text: string): Key {
  const known = keys.get(text);
  if (known) return known;
  const id = createHash("sha256").update(text).digest("hex").slice(0, 8);
  const key = { id, secret: createSecretKey(Buffer.from(text)), verified: new Map() };
  keys.set(text, key);
  return key;
}

/** The origin of the pages that may change things. */
export const publicOrigin = (): string => new URL(config.PUBLIC_URL).origin;

/**
 * Replaces a value that is compared but must not be stored, such as an address: 22 characters, the same in every
 * service, and different after a rotation of the session key.
 * @example
 * pseudonymOf("192.0.2.1") === pseudonymOf("192.0.2.2"); // => false
 */
export const pseudonymOf = (value: string): string =>
  createHmac("sha256", config.JWT_KEY).update(`pseudonym: ${value}`).digest("base64url").slice(0, 22);

/** How long a token is valid, also one that was signed when it was longer. */
export const sessionLifetimeMs = (): number => seconds(config.JWT_EXPIRES_IN);

/** A token that identifies its bearer for the length of a session, unless all sessions of this epoch are ended before. */
export function createToken(user: CurrentUser, sessionEpoch = 0): string {
  // With milliseconds: of two sessions in one browser, the newer one counts.
  const { id, secret } = keyOf(config.JWT_KEY);
  const epoch = sessionEpoch > 0 && { sessionEpoch };
  return jwt.sign({ ...user, ...epoch, iat: Math.floor(clock.now()) / 1000 }, secret, {
    algorithm: "HS256",
    expiresIn: config.JWT_EXPIRES_IN,
    issuer: issuer,
    audience: issuer,
    keyid: id,
  });
}

/** Undefined for a token that is forged, expired, or not ours. */
function readToken(token: unknown): Claims | undefined {
  if (typeof token !== "string") return undefined;
  const known = [config.JWT_KEY, config.JWT_PREVIOUS_KEY].flatMap((text) => (text ? keyOf(text) : []));
  const verified = known.flatMap((key) => key.verified.get(token) ?? [])[0] ?? verify(token, known);
  // A verified token still expires.
  return verified && clock.now() < seconds(verified.exp + clockTolerance) ? verified : undefined;
}

/** Seconds by which the clocks of two services may differ. */
const clockTolerance = 30;

function verify(token: string, known: Key[]): Claims | undefined {
  try {
    const kid = jwt.decode(token, { complete: true })?.header.kid;
    const key = known.find(({ id }) => id === kid);
    if (!key) return undefined;
    const payload = jwt.verify(token, key.secret, {
      algorithms: ["HS256"],
      issuer: issuer,
      audience: issuer,
      clockTimestamp: Math.floor(clock.now() / 1000),
      clockTolerance,
    });
    const verified = claims.parse(payload);
    // The lifetime may have been longer when it was signed, and bans are kept for the present one.
    verified.exp = Math.min(verified.exp, verified.iat + config.JWT_EXPIRES_IN);
    const [first] = key.verified.keys();
    if (first !== undefined && key.verified.size >= maxVerified) key.verified.delete(first);
    key.verified.set(token, verified);
    return verified;
  } catch {
    return undefined;
  }
}

const name = "session";

const cookieOptions = () => ({
  httpOnly: true,
  sameSite: "lax" as const,
  secure: config.PUBLIC_URL.startsWith("https:"),
});

/** Writes the cookie named `session`. Built at the first request, when the settings have been checked. */
export function session(): RequestHandler {
  isUsed = true;
  let middleware: RequestHandler | undefined;
  return (req, res, next) => {
    middleware ??= cookieSession({
      ...cookieOptions(),
      name,
      signed: false, // the token inside is
      overwrite: false, // or the headers of clearOthers() are lost
      maxAge: config.JWT_EXPIRES_IN * 1000,
    });
    return middleware(req, res, next);
  };
}

/**
 * The response to this request sets the cookie.
 * @param sessionEpoch the present one of the user
 * @example
 * createApp((api) => {
 *   api.post("/api/session", (req, res) => {
 *     signIn(req, { id: newId(), email: "someone@example.com" });
 *     res.sendStatus(204);
 *   });
 * });
 */
export function signIn(req: Request, user: CurrentUser, sessionEpoch = 0): void {
  if (sessionCookies(req).length > 1) clearOthers(req);
  req.session = { jwt: createToken(user, sessionEpoch) };
}

/**
 * The response to this request removes the cookie; the token in it stays valid until it expires.
 * @example
 * createApp((api) => {
 *   api.delete("/api/session", (req, res) => {
 *     signOut(req);
 *     res.sendStatus(204);
 *   });
 * });
 */
export function signOut(req: Request): void {
  clearOthers(req);
  req.session = null;
}

/**
 * Removes other cookies that a browser may send as `session`: of parent domains, and of parent paths of this one.
 * A request does not say where its cookies belong, and does not include cookies of other paths.
 */
function clearOthers(req: Request): void {
  const { hostname } = new URL(config.PUBLIC_URL);
  const labels = isIP(hostname) ? [] : hostname.split(".");
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join("."));
  const folders = req.path.split("/").slice(1);
  const below = folders.map((_, index) => `/${folders.slice(0, index + 1).join("/")}`);
  // Paths only when there are several cookies, because each is one more header.
  const paths = sessionCookies(req).length > 1 ? ["/", ...below] : ["/"];
  for (const path of paths)
    for (const domain of [undefined, ...domains])
      if (domain || path !== "/") req.res?.clearCookie(name, { ...cookieOptions(), path, domain });
}

/** The contents of all cookies named `session`, in the order sent; the size of a header limits how many there are. */
function sessionCookies(req: Request): string[] {
  const cookies = (req.get("Cookie") ?? "").split(";").map((cookie) => cookie.trim());
  return cookies
    .filter((cookie) => cookie.startsWith(`${name}=`))
    .map((cookie) => cookie.slice(name.length + 1));
}

function tokenIn(cookie: string): unknown {
  try {
    const content: unknown = JSON.parse(Buffer.from(cookie.replaceAll('"', ""), "base64").toString());
    return typeof content === "object" && content && "jwt" in content ? content.jwt : undefined;
  } catch {
    return undefined; // a client can send any cookie
  }
}

interface Session {
  user: CurrentUser;
  epoch: number;
  /** Milliseconds since 1970. */
  endsAt: number;
}

const sessions = new WeakMap<Request, Session | undefined>();

/**
 * Browsers may send several cookies named `session`, of parent domains or other paths: the newest valid one counts.
 * Undefined if it was ended, too, which is not remembered for a request: one that waits may be overtaken by an event.
 */
function findSession(req: Request): Session | undefined {
  if (!sessions.has(req)) sessions.set(req, newestSession(req));
  const session = sessions.get(req);
  return session && !accessOf(req)?.isEnded(session.user.id, session.epoch) ? session : undefined;
}

function newestSession(req: Request): Session | undefined {
  const valid = sessionCookies(req).flatMap((cookie) => readToken(tokenIn(cookie)) ?? []);
  const [newest] = valid.toSorted((one, other) => other.iat - one.iat);
  return newest && { user: user.parse(newest), epoch: newest.sessionEpoch, endsAt: seconds(newest.exp) };
}

/** Decides whose sessions are accepted. */
export interface Access {
  isBanned(userId: string): boolean;
  /** Whether the user's sessions of this epoch were ended. */
  isEnded(userId: string, sessionEpoch: number): boolean;
}

const accessOf = (req: Request) => req.app.locals.access as Access | undefined;

/** Not remembered for a request: one that waits may be overtaken by a ban. */
const isBanned = (req: Request, { id }: CurrentUser): boolean => accessOf(req)?.isBanned(id) === true;

/**
 * The user of this request, if any. A banned user is treated as a visitor, and so is one whose session was ended.
 * @example
 * createApp((api) => {
 *   api.get("/api/greeting", (req, res) => void res.json(`Hello ${findCurrentUser(req)?.email ?? "stranger"}`));
 * });
 */
export function findCurrentUser(req: Request): CurrentUser | undefined {
  const user = findSession(req)?.user;
  return user && !isBanned(req, user) ? user : undefined;
}

/**
 * When the token of this request expires, in milliseconds since 1970; undefined without a session. For responses that
 * last: a request itself is accepted for 30 s longer, because the clocks of two services may differ.
 */
export const sessionEndsAt = (req: Request): number | undefined => findSession(req)?.endsAt;

/**
 * The epoch of the session of this request; 0 without a session.
 * @example
 * createApp((api) => {
 *   api.get("/api/epoch", (req, res) => void res.json(sessionEpochOf(req)));
 * });
 */
export const sessionEpochOf = (req: Request): number => findSession(req)?.epoch ?? 0;

/**
 * @throws NotAuthenticatedError without a session or with one that was ended, BannedError with that of a banned user
 * @example
 * createApp((api) => {
 *   api.get("/api/tickets/mine", async (req, res) => {
 *     res.json(await Ticket.find({ userId: currentUser(req).id }));
 *   });
 * });
 */
export function currentUser(req: Request): CurrentUser {
  const user = findSession(req)?.user;
  if (!user) throw new NotAuthenticatedError();
  if (isBanned(req, user)) throw new BannedError();
  return user;
}

/**
 * Rejects requests without a session, and those of banned users; name it before the validators.
 * @example
 * createApp((api) => {
 *   api.get("/api/secrets", requireAuth, (_req, res) => void res.json([]));
 * });
 */
export const requireAuth: RequestHandler = (req, _res, next) => {
  currentUser(req);
  next();
};
