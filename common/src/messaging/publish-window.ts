const maxInFlight = 64;

/** Limits the publishes in flight to 64, and settles each exactly once. */
export class PublishWindow {
  private readonly pending = new Set<(error: Error) => void>();
  private readonly waiting: (() => void)[] = [];
  private inFlight = 0;

  /** @param send rejects when the broker did not confirm that it stored the message; it may have stored it all the same */
  async run(send: () => Promise<void>): Promise<void> {
    if (this.inFlight < maxInFlight) this.inFlight += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      await new Promise<void>((resolve, reject) => {
        this.pending.add(reject);
        send()
          .finally(() => this.pending.delete(reject))
          .then(resolve, reject);
      });
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.inFlight -= 1;
    }
  }

  /** Called when the connection is lost, after which no response arrives. */
  failPending(error: Error): void {
    for (const reject of this.pending) reject(error);
  }
}
