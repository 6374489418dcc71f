import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

export interface Sent {
  path: string;
  method?: string;
  cookie?: string | undefined;
  body?: object;
}

export interface Sample {
  /** Of each response, in milliseconds. */
  times: number[];
  elapsedMs: number;
  /** CPU time of all processes, where it was measured. */
  cpuMs?: number;
}

export async function send(agent: Agent, url: string, { path, method = "GET", cookie = "", body }: Sent) {
  const startedAt = performance.now();
  const content = body && JSON.stringify(body);
  const type = content && {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(content),
  };
  const sent = request(url + path, { agent, method, headers: { cookie, ...type } }).end(content);
  const [response]: IncomingMessage[] = await once(sent, "response");
  if (!response) throw new Error(`${path} got no response`);
  const responseText = await text(response);
  return { status: response.statusCode ?? 0, responseText, ms: performance.now() - startedAt };
}

/** A closed loop: each connection sends its next request when the last one has its response, until `next` has none. */
export async function load(
  url: string,
  next: () => Sent | undefined,
  { connections = 16, seconds = Infinity } = {},
): Promise<Sample> {
  const agents = Array.from(
    { length: connections },
    (_, n) => new Agent({ keepAlive: true, maxSockets: 1, ...addressOf(n) }),
  );
  const times: number[] = [];
  const startedAt = performance.now();
  const sendInLoop = async (agent: Agent) => {
    while (performance.now() - startedAt < seconds * 1000) {
      const sent = next();
      if (!sent) return;
      const { status, responseText, ms } = await send(agent, url, sent);
      if (status >= 400) throw new Error(`${sent.path} responded with ${status} ${responseText}`);
      times.push(ms);
    }
  };
  try {
    await Promise.all(agents.map(sendInLoop));
  } finally {
    for (const agent of agents) agent.destroy();
  }
  return { times, elapsedMs: performance.now() - startedAt };
}

/** Each connection comes from an address of its own, as visitors do. Only Linux has more than one on the loopback. */
const addressOf = (n: number) =>
  process.platform === "linux" ? { localAddress: `127.0.1.${1 + (n % 250)}` } : {};

export const rateOf = ({ times, elapsedMs }: Sample): number => (times.length / elapsedMs) * 1000;

/** Runs both loads in turn, `rounds` times, so that other load on the machine affects both. */
export async function interleave(
  rounds: number,
  one: () => Promise<Sample>,
  other: () => Promise<Sample>,
): Promise<[Sample, Sample]> {
  let samples: [Sample, Sample] = [empty, empty];
  for (let round = 0; round < rounds; round++)
    samples = [joined(samples[0], await one()), joined(samples[1], await other())];
  return samples;
}

const empty: Sample = { times: [], elapsedMs: 0 };

const joined = (one: Sample, other: Sample): Sample => ({
  times: [...one.times, ...other.times],
  elapsedMs: one.elapsedMs + other.elapsedMs,
  cpuMs: (one.cpuMs ?? 0) + (other.cpuMs ?? 0),
});
