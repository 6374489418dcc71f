import { rateLimitKey } from "./rate-limit-key";

it("takes an IPv4 address as it is, in either notation", () => {
  expect(rateLimitKey("203.0.113.7")).toBe("203.0.113.7");
  expect(rateLimitKey("::ffff:203.0.113.7")).toBe("203.0.113.7");
});

it.each(["2001:db8:1:2::", "2001:0DB8:0001:2::9", "2001:db8:1:2::9", "2001:db8:1:2:3:4:5:6"])(
  "takes %s for the 64 bits it begins with",
  (address) => {
    expect(rateLimitKey(address)).toBe("2001:db8:1:2");
  },
);

it("finds the 64 bits where zeros are left out", () => {
  expect(rateLimitKey("2001:db8::4:5:6:7:8")).toBe("2001:db8:0:4");
  expect(rateLimitKey("2001:db8::1")).toBe("2001:db8:0:0");
  expect(rateLimitKey("::1")).not.toBe(rateLimitKey("2001:db8::1"));
});

it("takes what is no address as it is", () => {
  expect(rateLimitKey("")).toBe("");
});

it("takes the 48 bits of a site, where it is asked for these", () => {
  expect(rateLimitKey("2001:db8:1:2::9", 48)).toBe("2001:db8:1");
  expect(rateLimitKey("2001:db8::1", 48)).toBe("2001:db8:0");
  expect(rateLimitKey("203.0.113.7", 48)).toBe("203.0.113.7");
});
