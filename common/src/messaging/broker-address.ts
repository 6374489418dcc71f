/** An address in parts: the clients need a port, and would ignore credentials in it, or send their percent signs. */
export function parseAddress(address: string) {
  const { protocol, hostname, port, username, password } = new URL(address);
  const user = decodeURIComponent(username);
  const credentials = password ? { user, pass: decodeURIComponent(password) } : user && { token: user };
  return { url: `${protocol}//${hostname}:${port || 4222}`, credentials: credentials || {} };
}
