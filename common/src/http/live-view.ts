import { seconds } from "../base/clock";
import { isHttpError } from "../contract/errors";
import { logger } from "../base/logger";

/** An aggregate in the form of its events. */
export interface State {
  id: string;
  version: number;
}

export interface Live<S extends State = State> {
  /** The `event:` of each message. All streams of a process with this name send the same for an id and a version. */
  name: string;
  watcher: { watch(handle: (state: S) => void): () => void };
  /** Finds the aggregates, each time the same ones. Throws when the reader may no longer see them. */
  find: () => Promise<State[]>;
  /** Whether the view also shows an aggregate that the bus delivers and `find` has not found. */
  isAdded?: (state: S) => boolean;
}

/** Receives the messages of a view. */
interface Reader {
  /** @param sent called once the text has left this process */
  write: (text: string, sent?: () => void) => void;
  end: () => void;
}

/** A state as all views of this process send it. */
interface Message {
  id: string;
  version: number;
  text: string;
  /** The number of views that show it. */
  views: number;
}

/** By name, id and version: views that differ in few of their states, or in their order, keep no copies. */
const messages = new Map<string, Message>();

/** Of their texts. */
let characters = 0;

/** The memory that the messages of all views take: an estimate, with the two bytes that a character takes at most. */
export const messagesMB = (): number => (2 * characters) / 1e6;

const keyOf = (name: string, { id, version }: State) => `${name} ${id} ${version}`;

function takeMessage(name: string, state: State): Message {
  const key = keyOf(name, state);
  const known = messages.get(key);
  const message = known ?? {
    id: state.id,
    version: state.version,
    text: `event: ${name}\ndata: ${JSON.stringify(state)}\n\n`,
    views: 0,
  };
  message.views += 1;
  if (!known) {
    messages.set(key, message);
    characters += message.text.length;
  }
  return message;
}

function releaseMessage(name: string, message: Message): void {
  message.views -= 1;
  if (message.views > 0) return;
  messages.delete(keyOf(name, message));
  characters -= message.text.length;
}

const rereadIntervalMs = seconds(15);
const maxRereads = 20;
/** How many views are reading again now. */
let rereads = 0;

/** The latest of them; older ones are dropped. */
const maxAdded = 100;

/** What a new reader is sent at once: what it has not read occupies memory of this process. */
const pieceLength = 16 * 1024;

/** The current states of some aggregates, for all streams that show the same: each is read and received once. */
export class LiveView<S extends State = State> {
  /** Resolves after the first read, and rejects with its error. */
  readonly loaded: Promise<void>;
  private readonly shown = new Map<string, Message>();
  private readonly added: string[] = [];
  private readonly readers = new Set<Reader>();
  private early: S[] | undefined = [];
  private isRereading = false;
  private isStopped = false;
  private readonly stopWatching: () => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly live: Live<S>) {
    this.stopWatching = live.watcher.watch(this.receive); // before the first read, which misses later changes
    this.loaded = this.load();
  }

  /** Gives the reader all current states, as fast as it reads them, and from now on each newer one at once. */
  open(reader: Reader): void {
    this.readers.add(reader);
    const pieces = this.pieces();
    const sendNext = () => {
      const { value } = pieces.next();
      if (value) reader.write(value, sendNext);
    };
    sendNext();
  }

  /** The states when they are sent, so that none follows a newer one. */
  private *pieces(): Generator<string, undefined> {
    let piece = "";
    for (const { text } of this.shown.values()) {
      piece += text;
      if (piece.length < pieceLength) continue;
      yield piece;
      piece = "";
    }
    if (piece) yield piece;
  }

  close(reader: Reader): void {
    this.readers.delete(reader);
  }

  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.stopWatching();
    clearInterval(this.timer);
    for (const id of this.shown.keys()) this.hide(id);
  }

  private async load(): Promise<void> {
    for (const state of await this.live.find()) this.show(state);
    if (this.isStopped) return;
    const { early = [] } = this;
    this.early = undefined;
    early.forEach(this.receive);
    this.timer = setInterval(() => void this.reread(), rereadIntervalMs);
  }

  private readonly receive = (state: S): void => {
    if (this.early) this.early.push(state);
    else if (this.shown.has(state.id)) this.show(state);
    else if (this.live.isAdded?.(state)) this.add(state);
  };

  private add(state: State): void {
    this.added.push(state.id);
    if (this.added.length > maxAdded) this.hide(this.added.shift() ?? "");
    this.show(state);
  }

  private show(state: State): void {
    if (this.isStopped) return;
    const { name } = this.live;
    const previous = this.shown.get(state.id);
    if (previous && state.version <= previous.version) return;
    const message = takeMessage(name, state);
    this.shown.set(message.id, message);
    if (previous) releaseMessage(name, previous);
    for (const reader of this.readers) reader.write(message.text);
  }

  private hide(id: string): void {
    const message = this.shown.get(id);
    if (!message) return;
    this.shown.delete(id);
    releaseMessage(this.live.name, message);
  }

  /** The bus does not repeat what it could not deliver. Skips a turn if the database is slow. */
  private async reread(): Promise<void> {
    if (this.isRereading || rereads >= maxRereads) return;
    this.isRereading = true;
    rereads += 1;
    try {
      for (const state of await this.live.find())
        if (this.shown.has(state.id)) this.show(state);
        else this.add(state);
    } catch (error) {
      if (isHttpError(error) && error.status < 500) for (const { end } of this.readers) end();
      else logger.debug({ err: error }, "could not refresh a live view");
    }
    rereads -= 1;
    this.isRereading = false;
  }
}

type View = Pick<LiveView, "loaded" | "open" | "close" | "stop">;

/** The views that streams share, with the number of their streams. */
const shared = new Map<string, { view: View; streams: number }>();

/**
 * @param key equal for streams that show the same to everyone; without one, the view is the stream's own
 * @returns the view, and how to release it
 */
export function viewOf<S extends State>(live: Live<S>, key?: string): [view: View, release: () => void] {
  const known = key === undefined ? undefined : shared.get(key);
  const entry = known ?? { view: new LiveView(live), streams: 0 };
  entry.streams += 1;
  if (key !== undefined) shared.set(key, entry);
  const discard = () => {
    entry.view.stop();
    if (key !== undefined && shared.get(key) === entry) shared.delete(key);
  };
  // Now, not with its last stream: a pipelined request may stay open for as long as the stream in front of it.
  if (!known) entry.view.loaded.catch(discard);
  const release = () => {
    entry.streams -= 1;
    if (entry.streams === 0) discard();
  };
  return [entry.view, release];
}
