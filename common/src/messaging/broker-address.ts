/** Splits a broker's URL: the clients need a port, and ignore credentials in it or do not decode them. */
export function parseAddress(address: string) {
  const { protocol, hostname, port, username, password } = new URL(address);
  const user = decodeURIComponent(username);
  const credentials = password ? { user, pass: decodeURIComponent(password) } : user && { token: user };
  return { url: `${protocol}//${hostname}:${port || 4222}`, credentials: credentials || {} };
}
