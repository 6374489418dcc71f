import { mongo } from "mongoose";
import {
  BadRequestError,
  ConflictError,
  ForbiddenError,
  type HttpError,
  InvalidInputError,
  NotAuthenticatedError,
  NotFoundError,
  TooManyRequestsError,
  UnavailableError,
  isDuplicateKey,
  isHttpError,
  isTransient,
  isVersionError,
} from "./errors";

it.each<[HttpError, number, string]>([
  [new BadRequestError("own-ticket", "It is your own"), 400, "own-ticket"],
  [new InvalidInputError([]), 400, "invalid-input"],
  [new NotAuthenticatedError(), 401, "not-signed-in"],
  [new ForbiddenError(), 403, "not-yours"],
  [new NotFoundError("ticket"), 404, "not-found"],
  [new ConflictError(), 409, "changed"],
  [new TooManyRequestsError("Wait", 5), 429, "too-many-attempts"],
  [new UnavailableError("Wait"), 503, "unavailable"],
])("%s becomes %d %s", (error, status, code) => {
  expect(error).toMatchObject({ status, code });
  expect(isHttpError(error)).toBe(true);
});

it("recognizes errors of another copy of this package", () => {
  expect(isHttpError({ name: "HttpError", status: 400 })).toBe(true);
  expect(isHttpError(new Error("else"))).toBe(false);
});

const named = (name: string, code?: unknown) => Object.assign(new Error("not now"), { name, code });

it.each([
  new mongo.MongoNetworkError("the connection closed"),
  new mongo.MongoNetworkTimeoutError("the connection timed out"),
  new mongo.MongoNotConnectedError("not connected"),
  new mongo.MongoTopologyClosedError(),
  new mongo.MongoServerClosedError(),
  new mongo.MongoClientClosedError(),
  new mongo.MongoExpiredSessionError(),
  new mongo.MongoOperationTimeoutError("timed out"),
  new mongo.MongoServerError({ message: "interrupted at shutdown", code: 11600 }),
  named("MongooseServerSelectionError"),
  named("MongoPoolClearedError"),
  named("PoolClearedOnNetworkError"),
  named("MaxRetriesPerRequestError"),
  named("Error", "ECONNREFUSED"),
])("treats $name $code as a transient error", (error) => {
  expect(isTransient(error)).toBe(true);
});

it.each([
  new mongo.MongoServerError({ message: "duplicate key", code: 11000 }),
  new mongo.MongoInvalidArgumentError("a bug"),
  new mongo.MongoCursorExhaustedError(),
  new TypeError("a bug"),
  named("ValidationError"),
  undefined,
  "MongoNetworkError",
])("does not treat %s as a transient error", (error) => {
  expect(isTransient(error)).toBe(false);
});

it("recognizes a lost race", () => {
  expect([isVersionError(named("VersionError")), isVersionError(named("Error"))]).toEqual([true, false]);
});

it("recognizes a duplicate key, and its index", () => {
  const duplicate = Object.assign(named("MongoServerError", 11000), { keyPattern: { email: 1 } });
  expect(isDuplicateKey(duplicate)).toBe(true);
  expect(isDuplicateKey(duplicate, "email")).toBe(true);
  expect(isDuplicateKey(duplicate, "reserves")).toBe(false);
  expect(isDuplicateKey(named("MongoServerError", 91))).toBe(false);
});
