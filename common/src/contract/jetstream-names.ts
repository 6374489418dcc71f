import type { Subject } from "./events";

/** The log of all events. It is never trimmed: when it is too large, it is replaced, and filled by `republish`. */
export const streamName = "eventhive";

/** The event first, so that permissions can name it. */
export const subjectOf = (subject: Subject, aggregateId: string): string =>
  `${streamName}.${subject.replace(":", ".")}.${aggregateId}`;

export const filterOf = (subject: Subject): string => subjectOf(subject, "*");

/** One consumer per event, because permissions cannot restrict a consumer with several filters. */
export const durableOf = (service: string, subject: Subject): string => `${service}-${subject}`;

/** Of the responses to a service, so that permissions can keep others from reading them. */
export const inboxPrefixOf = (service: string): string => `_INBOX_${service}`;
