import { isIPv6 } from "node:net";

/**
 * The network that an address belongs to, as a key for limits: an IPv4 address itself, of an IPv6 address the first
 * `bits`. A host usually has a whole /64, and a site up to a /48. Other text is returned unchanged.
 * @example
 * rateLimitKey("192.0.2.1"); // => "192.0.2.1"
 * rateLimitKey("2001:db8:1:2:3:4:5:6"); // => "2001:db8:1:2"
 */
export function rateLimitKey(address: string, bits: 64 | 48 = 64): string {
  const inside = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (inside || !isIPv6(address)) return inside ?? address;
  const [head = [], tail = []] = address.split("::").map((part) => part.split(":"));
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0");
  return [...head, ...zeros, ...tail]
    .slice(0, bits / 16)
    .map(withoutZeros)
    .join(":");
}

const withoutZeros = (part: string) => Number.parseInt(part || "0", 16).toString(16);
