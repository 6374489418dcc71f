/**
 * One URL for each server of an address such as `nats://token@one:4222,two:4222`.
 * @throws if one of them is no URL
 */
export function serverUrls(address: string): URL[] {
  const [, scheme = "", hosts = "", rest = ""] =
    /^([a-z][\w+.-]*:\/\/(?:[^@/?]*@)?)([^/?]*)(.*)$/.exec(address) ?? [];
  return hosts.split(",").map((host) => new URL(`${scheme}${host}${rest}`));
}
