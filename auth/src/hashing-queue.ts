import { TooManyRequestsError, UnavailableError, rateLimitKey, seconds } from "@eventhive/common";
import { config } from "./config";
import { type RefusalReason, refusedHashes } from "./metrics";

const maxRunning = 2; // over all queues: each takes a core and, at the usual cost, 128 MiB
let running = 0;

interface Entry {
  /** An IPv4 address or an IPv6 /48: the owner of a /48 has 65,536 networks. */
  site: string;
  /** An IPv4 address or an IPv6 /64. */
  network: string;
  timeout: NodeJS.Timeout;
  start: () => void;
  refuse: (error: Error) => void;
}

/**
 * Limits how many hashes are computed at once, so that many sign-ins cannot exhaust the memory. Free slots go to the
 * queues in turn; within a queue to its sites in turn, and within a site to its networks. When a queue is full, the
 * site or network with the most places gives one up to another that has fewer.
 */
class HashingQueue {
  /** In the order of their turns. */
  private entries: Entry[] = [];

  constructor(private readonly name: "sign_in" | "sign_up") {}

  /**
   * @throws TooManyRequestsError when the queue is full and the address' own site is one of those with the most places
   * @throws UnavailableError when it is full of sites with a single place, or the turn does not come in time
   */
  async run<T>(address: string, hash: () => Promise<T>): Promise<T> {
    if (running < maxRunning) running += 1;
    else await this.turn(rateLimitKey(address, 48), rateLimitKey(address));
    try {
      return await hash();
    } finally {
      startNext();
    }
  }

  /** @returns whether anything waited */
  startNext(): boolean {
    const [next] = this.entries;
    if (!next) return false;
    this.remove(next);
    // Stable: behind all other sites, and within the site behind all other networks.
    const distance = ({ site, network }: Entry) =>
      Number(site === next.site) + Number(network === next.network);
    this.entries = this.entries.toSorted((one, other) => distance(one) - distance(other));
    next.start();
    return true;
  }

  private async turn(site: string, network: string): Promise<void> {
    if (this.entries.length >= config.MAX_PENDING_HASHES) this.makeRoom(site, network);
    await new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        this.remove(entry);
        reject(this.refusal("timeout"));
      };
      const timeout = setTimeout(giveUp, seconds(config.HASHING_QUEUE_TIMEOUT));
      const entry: Entry = { site, network, timeout, start: resolve, refuse: reject };
      this.entries.push(entry);
    });
  }

  private makeRoom(site: string, network: string): void {
    const ofSite = this.entries.filter((entry) => entry.site === site);
    const last = lastOfLargest(this.entries, "site", site) ?? lastOfLargest(ofSite, "network", network);
    if (!last) throw this.refusal(ofSite.length > 0 ? "network" : "full");
    this.remove(last);
    last.refuse(this.refusal("network"));
  }

  private remove(entry: Entry): void {
    clearTimeout(entry.timeout);
    this.entries = this.entries.filter((other) => other !== entry);
  }

  private refusal(reason: RefusalReason): Error {
    refusedHashes.inc({ queue: this.name, reason });
    return reason === "network"
      ? new TooManyRequestsError("Too many simultaneous requests from your network", 5)
      : new UnavailableError("Too many requests at the moment: try again");
  }
}

/** The last entry of the group with the most entries, if evicting it is fairer than rejecting `newcomer`. */
function lastOfLargest(entries: Entry[], group: "site" | "network", newcomer: string): Entry | undefined {
  const counts = new Map<string, number>();
  for (const entry of entries) counts.set(entry[group], (counts.get(entry[group]) ?? 0) + 1);
  const largest = Math.max(...counts.values());
  if (largest <= (counts.get(newcomer) ?? 0) + 1) return undefined;
  return entries.findLast((entry) => counts.get(entry[group]) === largest);
}

/** Separate queues, so that sign-ups, which need no account, never delay sign-ins. */
export const signInHashes = new HashingQueue("sign_in");
export const signUpHashes = new HashingQueue("sign_up");

/** Next turn first. */
const queues = [signInHashes, signUpHashes];

function startNext(): void {
  const served = queues.findIndex((queue) => queue.startNext());
  if (served === -1) running -= 1;
  else queues.push(...queues.splice(served, 1));
}
