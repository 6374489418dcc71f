import { serverUrls } from "../base/server-urls";

/** Splits a broker's address: the clients need ports, and ignore credentials in it or do not decode them. */
export function parseAddress(address: string) {
  const urls = serverUrls(address);
  const [{ username, password }] = urls as [URL];
  const user = decodeURIComponent(username);
  const credentials = password ? { user, pass: decodeURIComponent(password) } : user && { token: user };
  const servers = urls.map(({ protocol, hostname, port }) => `${protocol}//${hostname}:${port || 4222}`);
  return { servers, credentials: credentials || {} };
}
