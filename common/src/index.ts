// The contract
export { events, subjects, parseEvent } from "./contract/events";
export { type AnyPaymentState, allPaymentStates, intentPaymentStates } from "./contract/payment-states";
export type {
  CancelReason,
  Event,
  EventData,
  OrderStatus,
  PaymentState,
  Subject,
  TicketStatus,
} from "./contract/events";

// Starting a service
export { startService } from "./service/service";
export { keepUserAccess } from "./service/user-access";
export type { EndReason, UserAccess } from "./service/user-access";
export type { ServiceDefinition, Worker } from "./service/service-definition";
export { choice, durationInSeconds, settings, text, url, wholeNumber } from "./base/settings";
export { backoffMs } from "./base/backoff";
export { clock, hours, minutes, seconds } from "./base/clock";
export { currentProcess, joined, waitFor } from "./base/joined";
export { sharedReads } from "./base/shared-reads";
export { runPeriodically, forEachDocument, retryOnConflict } from "./base/sweep";
export type { Sweep } from "./base/sweep";
export { currentContext, withContext } from "./base/context";
export { logger } from "./base/logger";
export { failpoint, onFailpoint } from "./base/failpoint";

// HTTP
export { createApp } from "./http/create-app";
export { endpoint } from "./http/endpoint";
export type { Endpoint } from "./http/endpoint";
export { named, resource } from "./contract/openapi";
export { rawBody } from "./http/json-body";
export {
  currentUser,
  findCurrentUser,
  pseudonymOf,
  requireAuth,
  sessionEpochOf,
  signIn,
  signOut,
} from "./http/session";
export type { CurrentUser } from "./http/session";
export { actionLimits } from "./http/action-limits";
export { rateLimitKey } from "./http/rate-limit-key";
export { validateRequest } from "./http/validate-request";
export { newestFirst, pageQuery, readPage } from "./http/pagination";
export type { SortOrder } from "./http/pagination";
export { streamStates } from "./http/stream-states";
export {
  BadRequestError,
  BannedError,
  ConflictError,
  ForbiddenError,
  HttpError,
  InvalidInputError,
  NotAuthenticatedError,
  NotFoundError,
  TooManyRequestsError,
  UnavailableError,
  isDuplicateKey,
  isTransient,
  isVersionError,
} from "./contract/errors";
export { idField, idsField, isId } from "./contract/ids";

// Messaging
export { listener, listeners } from "./messaging/listener";
export type { Listener } from "./messaging/listener";
export { publisher } from "./messaging/publisher";
export type { Publisher } from "./messaging/publisher";
export { watcher } from "./messaging/watcher";
export type { Watcher } from "./messaging/watcher";
export type { EventBus, EventIds, LoggedMessage, Message, Subscription } from "./messaging/event-bus";

// Database
export { createDatabase } from "./database/database";
export { defineAggregate } from "./database/define-aggregate";
export type { AggregateMethods, AggregateModel } from "./database/define-aggregate";
export { defineReplica } from "./database/define-replica";
export type { ReplicaModel } from "./database/define-replica";
export { unchanged } from "./database/logged-model";
export { StoreUnavailableError, withTimeout } from "./base/with-timeout";
