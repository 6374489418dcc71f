import type { Mutant } from "../mutant";

const rebuild = "common/src/service/rebuild.ts";
const rebuildTests = "common/src/service/rebuild.test.ts";

export const rebuilding: Mutant[] = [
  {
    guard: "rebuild restores every published field of an aggregate",
    file: "common/src/database/define-aggregate.ts",
    change: { "const stored = Object.keys(published);": "const stored = Object.keys(published).slice(1);" },
    red: {
      "infra/published-states.test.ts": [
        "Order restores each example of order:created",
        "Payment restores each example of payment:created",
        "Ticket restores each example of ticket:created",
        "User restores each example of user:banned",
      ],
    },
  },
  {
    guard: "rebuild keeps the session epoch of a user",
    file: "auth/src/models/user.ts",
    change: { ": unchangedFields),": ": { ...unchangedFields, sessionEpoch: undefined })," },
    red: {
      "infra/published-states.test.ts": ["User restores each stored field of any state on user:signed-out"],
    },
  },
  {
    guard: "progress of a rebuild is valid only for the same broker",
    file: "common/src/service/rebuild-progress.ts",
    change: { "${log.broker} ": "" },
    red: { [rebuildTests]: ["reads the logs of all brokers, and resumes each at its own position"] },
  },
  {
    guard: "rebuild never stores an older version",
    file: rebuild,
    change: {
      "version > (versions.get(id) ?? -1)": "version > -2",
      "filter: { _id: id, version: trusted({ $not: { $gte: version } }) }": "filter: { _id: id }",
    },
    red: {
      [rebuildTests]: ["does not change current or newer documents, and writes nothing the second time"],
    },
  },
  {
    guard: "rebuild releases a unique key before another document takes it",
    file: rebuild,
    change: { "|| error.err) throw error;": "|| error.err || error.code) throw error;" },
    red: {
      [rebuildTests]: [
        "releases a unique key before its next holder takes it, even if it reads the taker first",
      ],
    },
  },
  {
    guard: "rebuild fails when a unique index rejects a document",
    file: rebuild,
    change: { "if (!refusal) return total;": "return total;" },
    red: {
      [rebuildTests]: [
        "releases a unique key before its next holder takes it, even if it reads the taker first",
      ],
    },
  },
  {
    guard: "rebuild writes each batch before it reads the next",
    file: rebuild,
    change: { "if (last && !isRefused) await progress.save": "if (last && isRefused) await progress.save" },
    red: {
      [rebuildTests]: ["writes each batch before it reads the next, and resumes there after an interruption"],
    },
  },
  {
    guard: "progress of a rebuild is valid only for the same collection",
    file: "common/src/service/rebuild-progress.ts",
    change: { " || position.collectionId !== (await this.collectionId(model))": "" },
    red: {
      [rebuildTests]: ["starts over if the database was restored again after an interruption"],
    },
  },
  {
    guard: "progress of a rebuild is valid only for the same log",
    file: "common/src/service/rebuild-progress.ts",
    change: { " && digestOf(message) === digest": "" },
    red: {
      [rebuildTests]: [
        "starts over if the broker's log was lost after an interruption, and has more messages than were applied",
      ],
    },
  },
];
