import { isIPv6 } from "node:net";

/**
 * Whom an address belongs to, as far as one can see: an IPv4 address is somebody, of an IPv6 address its first 64 bits,
 * because whoever has one of these has them all.
 */
export function networkOf(address: string): string {
  const inside = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (inside || !isIPv6(address)) return inside ?? address;
  const [head = [], tail = []] = address.split("::").map((part) => part.split(":"));
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0");
  return [...head, ...zeros, ...tail].slice(0, 4).join(":");
}
