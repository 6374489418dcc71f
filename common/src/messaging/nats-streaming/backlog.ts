import { z } from "zod";
import { seconds } from "../../base/clock";
import type { Subject } from "../../contract/events";

/** Pages of the server's monitoring, https://docs.nats.io/legacy/stan/intro/monitoring/endpoints */
const storage = z.object({ total_bytes: z.number() });
const channel = z.object({
  last_seq: z.number(),
  subscriptions: z
    .array(z.object({ queue_name: z.string().optional(), last_sent: z.number(), pending_count: z.number() }))
    .default([]),
});

interface Seen {
  sequence: number;
  at: number;
}

/**
 * Measures for how long events have been waiting for a durable group. The broker reports positions but no times, so
 * each call records the channel's end: an unacknowledged message that an earlier call recorded has been waiting
 * since then.
 */
export class NatsBacklog {
  private readonly group: string;
  /** Of each channel: its last messages at earlier calls, oldest first, as far as they are not acknowledged. */
  private readonly seen = new Map<Subject, Seen[]>();

  constructor(
    private readonly monitorUrl: string,
    name: string,
  ) {
    this.group = `${name}:${name}`; // durable name and queue group
  }

  async undeliveredMs(subject: Subject): Promise<number> {
    const { last, acknowledged } = await this.positionIn(subject);
    const now = performance.now();
    const waiting = (this.seen.get(subject) ?? []).filter(
      // A log that was reset has lower numbers.
      ({ sequence }) => sequence > acknowledged && sequence <= last,
    );
    if (last > Math.max(acknowledged, waiting.at(-1)?.sequence ?? 0))
      waiting.push({ sequence: last, at: now });
    this.seen.set(subject, waiting);
    return now - (waiting[0]?.at ?? now);
  }

  async storedBytes(): Promise<number> {
    const { total_bytes: bytes } = storage.parse(await this.read("/streaming/storez"));
    return bytes;
  }

  private async positionIn(subject: Subject): Promise<{ last: number; acknowledged: number }> {
    const page = await this.read("/streaming/channelsz", { channel: subject, subs: "1" });
    if (!page) return { last: 0, acknowledged: 0 }; // nothing was ever published
    const { last_seq: last, subscriptions } = channel.parse(page);
    const members = subscriptions.filter(({ queue_name }) => queue_name === this.group);
    const sent = Math.max(0, ...members.map(({ last_sent }) => last_sent));
    const pending = members.reduce((sum, { pending_count }) => sum + pending_count, 0);
    return { last, acknowledged: sent - pending };
  }

  /** A page as JSON; undefined if it does not exist. */
  private async read(path: string, parameters: Record<string, string> = {}): Promise<unknown> {
    const page = new URL(path, this.monitorUrl);
    page.search = new URLSearchParams(parameters).toString();
    const response = await fetch(page, { signal: AbortSignal.timeout(seconds(2)) });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${page.href} responded with ${response.status}`);
    return response.json();
  }
}
