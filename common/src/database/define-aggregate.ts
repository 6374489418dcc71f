import {
  type Connection,
  type Document,
  type HydratedDocument,
  type IndexDefinition,
  type IndexOptions,
  type Model,
  type ObtainDocumentType,
  Schema,
  type SchemaDefinition,
  type Types,
} from "mongoose";
import { versionOCCPlugin } from "mongoose-update-if-current/lib/version-occ-plugin";
import { clock } from "../base/clock";
import { type Event, type EventData, type Subject, events } from "../contract/events";
import { failpoint } from "../base/failpoint";
import { type Aggregate, type AggregateLog, plain, toEvent } from "./aggregate";
import { serviceOf } from "./database";
import type { Fields } from "./logged-model";
import { handOver } from "./saved-events";

/** Fields that every aggregate has in addition to its own. */
const ownFields = {
  createdAt: { type: Date, required: true, immutable: true, default: () => clock.date() },
  version: { type: Number, required: true, default: 0 },
  /** When it was last saved, for `republish --since`. */
  changedAt: { type: Date },
  /** Events that the broker has not stored yet, oldest first. Only ever pushed to and pulled from, never assigned. */
  outbox: { type: [Schema.Types.Mixed] },
};

type Stored<F> = ObtainDocumentType<F & typeof ownFields>;

/** The data of an event besides `id` and `version`. */
type PublicState<S extends Subject> = Omit<EventData<S>, "id" | "version">;

/**
 * What every aggregate has besides its own methods.
 * @example
 * const announce = (aggregate: AggregateMethods<"ticket:updated">) => aggregate.record("ticket:updated");
 */
export interface AggregateMethods<S extends Subject> {
  /** The next save publishes the public state at that moment on `subject`. */
  record(subject: S): void;
  /** The next save publishes nothing. `why` documents the reason. */
  recordNothing(why: string): void;
  /**
   * All that other services and clients may know, in events and responses, besides `id`, `version` and `createdAt`.
   */
  publicState(): PublicState<S>;
}

/** Without its methods, whose types are derived from this. */
type Fielded<P, U, V> = HydratedDocument<Stored<P & U>, V, object, V>;

type Instance<S extends Subject, P, U, V, M> = HydratedDocument<
  Stored<P & U>,
  M & V & AggregateMethods<S>,
  object,
  V
>;

export interface AggregateDefinition<S extends Subject, P, U, V, M> {
  /** The subjects of its states, in the order of its lifecycle. */
  subjects: readonly S[];
  /** Stored fields that events and responses carry, as Mongoose defines fields. */
  published: P;
  /** Fields of events and responses that are not stored but derived from stored ones. */
  computed?: { [K in keyof V]: (aggregate: Stored<P & U>) => V[K] };
  /** Stored fields that are not published. */
  unpublished: U;
  /**
   * The unpublished fields of an aggregate whose state was published, for a rebuild from the broker's log: a value,
   * `undefined` for none, or `unchanged` where only an older copy has it.
   */
  restore: (state: EventData<S>) => Record<keyof U, unknown>;
  /** Set it where required fields are not published: a rebuild then updates what exists, and inserts nothing. */
  isUpdatedOnly?: boolean;
  /**
   * Frees what a published state holds from an aggregate that held it before, where no event reports that.
   * @returns how many were changed
   */
  release?: (state: EventData<S>) => Promise<number>;
  /** The subject of the current state; undefined if this state is not published. */
  currentSubject: (aggregate: Fielded<P, U, V>) => S | undefined;
  /** Its rules, in the words of the business. Each records the event that it causes. */
  methods: M & ThisType<Instance<S, P, U, V, M>>;
  /** Sets unpublished fields that follow from others, such as search terms, before each save. */
  beforeSave?: (aggregate: Fielded<P, U, V>) => void;
  /** Called after each save that changed the field. */
  transition?: { field: keyof (P & U) & string; count: (aggregate: Fielded<P, U, V>) => void };
  indexes: [fields: IndexDefinition, options?: IndexOptions][];
}

/**
 * The model that `defineAggregate` returns.
 * @example
 * const subjectsOf = <S extends Subject, P, U, V, M>({ log }: AggregateModel<S, P, U, V, M>) => log.subjects;
 * subjectsOf(Ticket); // => ["ticket:created", "ticket:updated"]
 */
export type AggregateModel<S extends Subject, P, U, V, M> = Model<
  Stored<P & U>,
  object,
  M & AggregateMethods<S>,
  V,
  Instance<S, P, U, V, M>
> & {
  log: AggregateLog<S>;
  /**
   * An aggregate as clients see it, from a lean read: lists need neither its rules nor its outbox. Defaults of fields
   * that are not stored do not apply.
   */
  toResponse: (stored: LeanDocument<P, U>) => Response<S>;
  /** The same as in its events. */
  toState: (stored: LeanDocument<P, U>) => EventData<S>;
};

/** An aggregate as its stored fields, without its outbox. */
type LeanDocument<P, U> = { _id: Types.ObjectId } & Omit<Stored<P & U>, "outbox">;

/** What clients see of an aggregate. */
type Response<S extends Subject> = PublicState<S> & Pick<Aggregate, "id" | "version" | "createdAt">;

/** State passed from recording to the save, and from its pre hook to its post hook. */
interface Locals {
  recording?: { subject?: Subject } | undefined;
  saving?: { event?: Event | undefined; isTransition: boolean } | undefined;
}

/**
 * Defines an aggregate: a Mongoose model in which each save is a compare-and-set on `version`
 * (mongoose-update-if-current) and stores the event it causes in the same single-document write, in `outbox`. So a
 * crash cannot separate a change from its event. The relay publishes from there. A save has to record an event, or
 * explicitly none.
 * @throws when what it publishes differs from the schema of its events
 * @example
 * const Ticket = defineAggregate(createDatabase("tickets"), "Ticket", {
 *   subjects: ["ticket:created", "ticket:updated"],
 *   published: {
 *     title: { type: String, required: true },
 *     price: { type: Number, required: true },
 *     userId: { type: String, required: true },
 *     withdrawn: { type: Boolean, default: false },
 *     orderId: { type: String },
 *   },
 *   computed: { status: ({ withdrawn }) => (withdrawn ? ("withdrawn" as const) : ("available" as const)) },
 *   unpublished: { note: { type: String } },
 *   restore: () => ({ note: unchanged }),
 *   currentSubject: ({ version }) => (version === 0 ? "ticket:created" : "ticket:updated"),
 *   methods: {
 *     withdraw() {
 *       this.withdrawn = true;
 *       this.record("ticket:updated");
 *     },
 *   },
 *   indexes: [[{ userId: 1 }]],
 * });
 * const { title, price, userId } = ticket;
 * new Ticket({ title, price, userId }).publicState().status; // => "available"
 */
export function defineAggregate<
  S extends Subject,
  P extends Fields,
  U extends Fields,
  M extends object,
  V extends Record<string, unknown> = Record<never, unknown>,
>(
  database: Connection,
  name: string,
  definition: AggregateDefinition<S, P, U, V, M>,
): AggregateModel<S, P, U, V, M> {
  const { published, computed = {}, unpublished, methods, beforeSave, transition, indexes } = definition;
  const publicFields = [...Object.keys(published), ...Object.keys(computed)];
  checkFields(name, definition.subjects, publicFields);

  const derive: Record<string, (stored: never) => unknown> = computed;
  const publicStateOf = (stored: Record<string, unknown>) => {
    const valueOf = (field: string) => derive[field]?.(stored as never) ?? stored[field];
    return Object.fromEntries(publicFields.map((field) => [field, plain(valueOf(field))]));
  };
  const toState = (stored: Record<string, unknown>) => ({
    id: String(stored._id),
    version: stored.version,
    ...publicStateOf(stored),
  });
  const toResponse = (stored: Record<string, unknown>) => {
    const { id, version, ...state } = toState(stored);
    return { id, version, createdAt: stored.createdAt, ...state };
  };

  const schema = new Schema({ ...ownFields, ...published, ...unpublished } as SchemaDefinition, {
    versionKey: "version",
    methods: {
      ...methods,
      record(this: Document, subject: Subject) {
        remember(this, { subject });
      },
      recordNothing(this: Document) {
        remember(this, {});
      },
      publicState(this: Document) {
        return publicStateOf(fieldsOf(this));
      },
      toJSON(this: Document) {
        return toResponse(fieldsOf(this));
      },
    },
  });
  for (const [field, compute] of Object.entries(derive))
    schema
      .virtual(field)
      .get((_value: unknown, _virtual: unknown, document: unknown) => compute(document as never));
  for (const [keys, options] of indexes) schema.index(keys, options);
  schema.index(
    { "outbox.0.time": 1 },
    { name: "outbox", partialFilterExpression: { "outbox.0": { $exists: true } } },
  );
  schema.plugin(versionOCCPlugin);

  schema.pre("save", async function () {
    const self = this as unknown as Fielded<P, U, V>;
    const { recording, saving } = localsOf(this);
    if (!recording) throw new Error("A save must record its event, or call recordNothing() with a reason");
    // The event of the failed save is still in the outbox in memory, and would be published with the next one.
    if (saving) throw new Error("An earlier save of this document failed: load it again before changing it");
    const outbox: unknown = this.get("outbox");
    if (!Array.isArray(outbox))
      throw new Error("An aggregate that was loaded without its outbox cannot be saved");
    beforeSave?.(self);
    const event =
      recording.subject &&
      toEvent(aggregateOf(this), recording.subject, this.isNew ? 0 : aggregateOf(this).version + 1);
    const isTransition = transition !== undefined && (this.isNew || this.isModified(transition.field));
    setLocals(this, { saving: { event, isTransition } });
    this.set("changedAt", clock.date());
    if (event) outbox.push(event);
    await failpoint(`${serviceOf(database)}.save.before`);
  });

  schema.post("save", async function () {
    const { saving } = localsOf(this);
    setLocals(this, {});
    await failpoint(`${serviceOf(database)}.save.after`);
    if (saving?.isTransition) transition?.count(this as unknown as Fielded<P, U, V>);
    const { collection, _id } = aggregateOf(this);
    if (saving?.event) handOver(database, { collection: collection.name, _id, event: saving.event });
  });

  const stored = Object.keys(published);
  const log: AggregateLog<S> = {
    subjects: definition.subjects,
    isUpdatedOnly: definition.isUpdatedOnly,
    release: definition.release,
    currentSubject: (aggregate) => definition.currentSubject(aggregate as Fielded<P, U, V>),
    toStored: (state) => ({
      ...Object.fromEntries(stored.map((field) => [field, state[field as keyof EventData<S>]])),
      ...definition.restore(state),
    }),
  };
  return Object.assign(database.model(name, schema), { log, toResponse, toState }) as never;
}

/** @throws when an event would lack a field that the aggregate publishes, or have one that it does not */
function checkFields(name: string, subjects: readonly Subject[], fields: string[]): void {
  for (const subject of subjects) {
    const expected = Object.keys(events[subject].shape).filter(
      (field) => field !== "id" && field !== "version",
    );
    const missing = expected.filter((field) => !fields.includes(field));
    const unknown = fields.filter((field) => !expected.includes(field));
    if (missing.length > 0)
      throw new Error(`${name} must publish ${missing.join(", ")}, as in the schema of ${subject}`);
    if (unknown.length > 0)
      throw new Error(`${name} publishes ${unknown.join(", ")}: add it to the schema of ${subject}`);
  }
}

const aggregateOf = (document: unknown) => document as Aggregate;
const fieldsOf = (document: unknown) => document as Record<string, unknown>;

interface WithLocals {
  $locals: Record<string, unknown>;
}

const localsOf = ({ $locals }: WithLocals): Locals => ($locals.aggregate ??= {}) as Locals;

function setLocals(document: WithLocals, locals: Locals): void {
  document.$locals.aggregate = locals;
}

function remember(document: WithLocals, recording: Locals["recording"]): void {
  const locals = localsOf(document);
  if (locals.recording) throw new Error("A save records one event at most, and one is already recorded");
  locals.recording = recording;
}
