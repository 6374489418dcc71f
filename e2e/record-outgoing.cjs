// Loaded into each process of the stack under test, by NODE_OPTIONS: a connection to anything but this machine, and the
// look-up of any name but its own, is recorded in the file OUTGOING_RECORD and fails, as network policies have it fail.
// Plain JavaScript, because a built service runs without tsx.
const { appendFileSync } = require("node:fs");
const dgram = require("node:dgram");
const dns = require("node:dns");
const net = require("node:net");

const isOurs = (host) => host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);

function refuse(host) {
  const program = process.argv.slice(1).join(" ") || process.title;
  appendFileSync(process.env.OUTGOING_RECORD, `${program} → ${host}\n`);
  return Object.assign(new Error(`${host} is outside of the stack under test`), { code: "ENETUNREACH" });
}

// oxlint-disable-next-line typescript/unbound-method -- called with the socket as its `this`
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...given) {
  const [target, host] = Array.isArray(given[0]) ? given[0] : given; // net.connect() hands over a normalized list
  const options = typeof target === "object" ? target : { port: target, host };
  const isPath = Boolean(options.path) || (typeof target === "string" && !/^\d+$/.test(target));
  const to = options.host ?? "localhost";
  if (isPath || isOurs(to)) return connect.apply(this, given);
  const error = refuse(to);
  process.nextTick(() => this.destroy(error));
  return this;
};

for (const resolver of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype])
  for (const name of Object.getOwnPropertyNames(resolver).filter((name) =>
    /^(lookup|resolve|reverse)/.test(name),
  )) {
    const resolve = resolver[name];
    resolver[name] = function (host, ...rest) {
      if (isOurs(host)) return resolve.call(this, host, ...rest);
      const error = refuse(host);
      const callback = rest.at(-1);
      if (typeof callback !== "function") return Promise.reject(error);
      process.nextTick(callback, error);
    };
  }

// oxlint-disable-next-line typescript/unbound-method -- called with the socket as its `this`
const { send } = dgram.Socket.prototype;
dgram.Socket.prototype.send = function (...given) {
  const host = given.find((each, index) => index > 0 && typeof each === "string");
  if (host === undefined || isOurs(host)) return send.apply(this, given);
  throw refuse(host);
};
