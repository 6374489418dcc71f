export interface ErrorDetail {
  message: string;
  /** The invalid input. */
  field?: string;
}

/**
 * An error that becomes a response: the error handler sends its status and body. Clients switch on `code`.
 * @example
 * throw new HttpError(410, "ended", "This sale has ended"); // => { status: 410, code: "ended" }
 */
export class HttpError extends Error {
  override readonly name: string = "HttpError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly options: { details?: ErrorDetail[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
  }
}

/**
 * A business rule was violated, or the input is invalid.
 * @example
 * throw new BadRequestError("order-complete", "A paid order cannot be cancelled"); // => { status: 400 }
 */
export class BadRequestError extends HttpError {
  constructor(code: string, message: string, field?: string) {
    super(400, code, message, { details: [field ? { message, field } : { message }] });
  }
}

/**
 * 400 `invalid-input`, with a message for each field.
 * @example
 * throw new InvalidInputError([{ message: "Enter a title", field: "title" }]); // => { code: "invalid-input" }
 */
export class InvalidInputError extends HttpError {
  constructor(details: ErrorDetail[]) {
    super(400, "invalid-input", "The input is invalid", { details });
  }
}

/**
 * 401 `not-signed-in`: the request has no valid session.
 * @example
 * throw new NotAuthenticatedError(); // => { status: 401, code: "not-signed-in" }
 */
export class NotAuthenticatedError extends HttpError {
  constructor() {
    super(401, "not-signed-in", "Sign in first");
  }
}

/**
 * 403: what the request is about belongs to another user.
 * @example
 * throw new ForbiddenError(); // => { status: 403, code: "not-yours" }
 */
export class ForbiddenError extends HttpError {
  constructor(message = "This belongs to another user", code = "not-yours") {
    super(403, code, message);
  }
}

/**
 * 403 `banned`: an administrator has banned the user.
 * @example
 * throw new BannedError(); // => { status: 403, code: "banned" }
 */
export class BannedError extends ForbiddenError {
  constructor() {
    super("This account is banned", "banned");
  }
}

/**
 * 404 `not-found`.
 * @example
 * throw new NotFoundError("ticket"); // => { status: 404, message: "There is no such ticket" }
 */
export class NotFoundError extends HttpError {
  constructor(what = "page") {
    super(404, "not-found", `There is no such ${what}`);
  }
}

/**
 * The resource changed between being read and being written.
 * @example
 * throw new ConflictError("price-changed", "The price has changed"); // => { status: 409 }
 */
export class ConflictError extends HttpError {
  constructor(code = "changed", message = "This has changed in the meantime. Reload it and try again") {
    super(409, code, message);
  }
}

/**
 * 429 with `Retry-After`.
 * @example
 * const wait = 60;
 * throw new TooManyRequestsError("Try again in a minute", wait); // => { options: { retryAfterSeconds: 60 } }
 */
export class TooManyRequestsError extends HttpError {
  constructor(message: string, retryAfterSeconds: number, code = "too-many-attempts") {
    super(429, code, message, { retryAfterSeconds });
  }
}

/**
 * A dependency is unavailable or overloaded; the same request may succeed shortly.
 * @example
 * throw new UnavailableError("Payments are unavailable"); // => { status: 503, code: "unavailable" }
 */
export class UnavailableError extends HttpError {
  constructor(
    message: string,
    code = "unavailable",
    options: { retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(503, code, message, { retryAfterSeconds: 1, ...options });
  }
}

/** True for errors that become responses, whichever copy of this package threw them. */
export function isHttpError(error: unknown): error is HttpError {
  return hasName(error) && error.name === "HttpError";
}

function hasName(error: unknown): error is { name: string; code?: unknown } {
  return typeof error === "object" && error !== null && "name" in error && typeof error.name === "string";
}

// By name and code, not by class: the driver, mongoose and ioredis may each come in several copies.
const transientNames =
  /^(Mongo(ose)?ServerSelection|Mongo(Network|NetworkTimeout|NotConnected|TopologyClosed|PoolClosed|PoolCleared|ServerClosed|ClientClosed|WaitQueueTimeout|ExpiredSession|OperationTimeout)|PoolClearedOnNetwork|MaxRetriesPerRequest|StoreUnavailable)Error$/;
const networkCodes = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EAI_AGAIN"];
// Errors that the driver labels as retryable: the server is unreachable, shutting down, or no longer the primary.
const serverCodes = [6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436];
const transientCodes = new Set<unknown>([...networkCodes, ...serverCodes]);

/**
 * True for driver and network errors that mean a store is temporarily unavailable, never for our own bugs.
 * @example
 * isTransient(new StoreUnavailableError("no response within 500 ms")); // => true
 * isTransient(new TypeError("x is undefined")); // => false
 */
export function isTransient(error: unknown): boolean {
  if (!hasName(error)) return false;
  // The driver reports the cause of a failed bulk write in `errorResponse`, under the name of a bulk error.
  if (error.name === "MongoBulkWriteError" && "errorResponse" in error && isTransient(error.errorResponse))
    return true;
  return transientNames.test(error.name) || transientCodes.has(error.code);
}

/**
 * True when a save lost a race: another write incremented the version first.
 * @example
 * const error = Object.assign(new Error("changed"), { name: "VersionError" }); // as Mongoose throws it
 * isVersionError(error); // => true
 */
export function isVersionError(error: unknown): boolean {
  return hasName(error) && error.name === "VersionError";
}

/**
 * True when a write violated a unique index; with `field`, the index on that field.
 * @example
 * const error = Object.assign(new Error("E11000"), { code: 11000, keyPattern: { email: 1 } });
 * isDuplicateKey(error, "email"); // => true
 * isDuplicateKey(error, "name"); // => false
 */
export function isDuplicateKey(error: unknown, field?: string): boolean {
  if (!hasName(error) || error.code !== 11000) return false;
  if (!field) return true;
  const pattern = "keyPattern" in error ? error.keyPattern : undefined;
  return typeof pattern === "object" && pattern !== null && field in pattern;
}
