import { parseAddress } from "./broker-address";

it("splits an address into its servers, with ports, and the credentials", () => {
  expect(parseAddress("nats://to%2Cken@one,two:4333")).toEqual({
    servers: ["nats://one:4222", "nats://two:4333"],
    credentials: { token: "to,ken" },
  });
  expect(parseAddress("tls://user:pass%40word@one")).toEqual({
    servers: ["tls://one:4222"],
    credentials: { user: "user", pass: "pass@word" },
  });
  expect(parseAddress("nats://one")).toEqual({ servers: ["nats://one:4222"], credentials: {} });
});
