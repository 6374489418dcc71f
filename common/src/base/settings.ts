import { z } from "zod";
import { serverUrls } from "./server-urls";

type Shape = Record<string, z.ZodType>;
type Values<S extends Shape> = { readonly [Name in keyof S]: z.output<S[Name]> };

/** Reports all invalid settings at once. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

const declared = new Map<string, { schema: z.ZodType; isNeeded: () => boolean }>();

/**
 * Declares settings that are read from the environment by their names. `checkSettings` reads them all when the service
 * starts; where nothing starts, as in a test, each is read on first use.
 * @param isNeeded evaluated when the service starts: one without a database needs no `MONGO_URL`
 * @example
 * const config = settings({ RESERVATION: durationInSeconds().default(900), GREETING: text().optional() });
 * config.RESERVATION; // => 900
 */
export function settings<S extends Shape>(shape: S, isNeeded = () => true): Values<S> {
  const values = {};
  for (const [name, schema] of Object.entries(shape)) {
    declared.set(name, { schema, isNeeded });
    let cached: { value: unknown } | undefined;
    Object.defineProperty(values, name, {
      enumerable: true,
      get: () => (cached ??= { value: readSetting(name, schema) }).value,
    });
  }
  return values as Values<S>;
}

/** @throws SettingsError naming every setting that is missing or invalid */
export function checkSettings(): void {
  const problems = [...declared].flatMap(([name, { schema, isNeeded }]) => {
    if (!isNeeded()) return [];
    try {
      readSetting(name, schema);
      return [];
    } catch (error) {
      return [error instanceof SettingsError ? error.message : String(error)];
    }
  });
  if (problems.length > 0) throw new SettingsError(problems.join("; "));
}

function readSetting(name: string, schema: z.ZodType): unknown {
  const text = process.env[name];
  const result = schema.safeParse(text === "" ? undefined : text);
  if (result.success) return result.data;
  const problem = text ? result.error.issues.map((issue) => issue.message).join(", ") : "is missing";
  throw new SettingsError(`${name} ${problem}`);
}

/**
 * Any text that is not empty.
 * @example
 * const key = text().min(32, "must have at least 32 characters");
 * key.safeParse("too short").success; // => false
 */
export const text = () => z.string("is missing");

/**
 * One of these words.
 * @example
 * const flow = choice("charges", "intents").default("charges");
 * flow.parse(undefined); // => "charges"
 */
export const choice = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words, `must be ${words.join(" or ")}`);
/** Some of these words, separated by commas. */
export const choices = <const Words extends readonly [string, ...string[]]>(...words: Words) => {
  const word = choice(...words);
  return z
    .string()
    .transform((list) => list.split(","))
    .refine((list) => new Set(list).size === list.length, "must not repeat a word")
    .pipe(z.tuple([word], word));
};

/**
 * An address with its scheme.
 * @example
 * url().parse("https://example.com"); // => "https://example.com"
 */
export const url = () => z.url("must be a URL");

/** The address of one server, or of several with commas between them: `nats://one:4222,two:4222`. */
export const servers = () =>
  z.string("must be a URL").refine((address) => {
    try {
      return serverUrls(address).every(({ hostname }) => hostname !== "");
    } catch {
      return false;
    }
  }, "must be a URL");

/**
 * A whole number above 0.
 * @example
 * wholeNumber().parse("50"); // => 50
 */
export const wholeNumber = () =>
  z.coerce.number("must be a whole number").int("must be a whole number").positive("must be above 0");

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86400 } as const;

/**
 * A duration such as `90`, `90s`, `15m`, `24h` or `7d`, as a number of seconds.
 * @example
 * durationInSeconds().parse("15m"); // => 900
 */
export const durationInSeconds = () =>
  z
    .string()
    .regex(/^[1-9]\d*[smhd]?$/, "must be a duration such as 90s, 15m, 24h or 7d")
    .transform((duration) => {
      const unit = z.enum(["s", "m", "h", "d"]).catch("s").parse(duration.at(-1));
      return Number.parseInt(duration, 10) * unitSeconds[unit];
    });
