import { once } from "node:events";
import { type IncomingMessage, get } from "node:http";
import { finished } from "node:stream/promises";

export interface Backend {
  service: string;
  url: string;
}

const probeIntervalMs = 500;
const probeTimeoutMs = 5_000;

/** The processes behind the gateway, and which of them are ready. */
export class Backends {
  private readonly ready = new Set<Backend>();
  private readonly probing = new Set<Backend>();
  private readonly timer: NodeJS.Timeout;
  private readonly turns = new Map<string, number>();
  private readonly pending = new Map<Backend, number>();

  constructor(private readonly all: Backend[]) {
    this.timer = setInterval(() => void this.probe(), probeIntervalMs);
  }

  /** The ready processes of a service, in round-robin order. */
  readyFor(service: string): Backend[] {
    const ready = this.all.filter((backend) => backend.service === service && this.ready.has(backend));
    const turn = (this.turns.get(service) ?? 0) + 1;
    this.turns.set(service, turn);
    const first = turn % Math.max(ready.length, 1);
    return [...ready.slice(first), ...ready.slice(0, first)];
  }

  /** Not ready until its next successful probe. */
  markAway(backend: Backend): void {
    this.ready.delete(backend);
  }

  /** Counts a request to a process until `end`. @returns false, without counting, if there are already `max` */
  begin(backend: Backend, max: number): boolean {
    const pending = this.pending.get(backend) ?? 0;
    if (pending >= max) return false;
    this.pending.set(backend, pending + 1);
    return true;
  }

  end(backend: Backend): void {
    this.pending.set(backend, (this.pending.get(backend) ?? 0) - 1);
  }

  /** Until a probe has an answer or its time is up, a process keeps its state. */
  async probe(): Promise<void> {
    const waiting = this.all.filter((backend) => !this.probing.has(backend));
    await Promise.all(
      waiting.map(async (backend) => {
        this.probing.add(backend);
        if (await isReady(backend.url)) this.ready.add(backend);
        else this.ready.delete(backend);
        this.probing.delete(backend);
      }),
    );
  }

  close(): void {
    clearInterval(this.timer);
  }
}

/** Without `fetch`, which needs several times the processor time: every process of a stack is probed all the time. */
export async function isReady(url: string): Promise<boolean> {
  const probe = get(`${url}/readyz`, { timeout: probeTimeoutMs });
  probe.once("timeout", () => probe.destroy());
  probe.on("error", () => undefined); // also while the body is read: `finished` rejects then
  try {
    const [response] = (await once(probe, "response")) as [IncomingMessage];
    await finished(response.resume());
    return response.statusCode === 200;
  } catch {
    return false;
  }
}
