import { rateLimitKey } from "./rate-limit-key";

it("returns an IPv4 address unchanged, in either notation", () => {
  expect(rateLimitKey("203.0.113.7")).toBe("203.0.113.7");
  expect(rateLimitKey("::ffff:203.0.113.7")).toBe("203.0.113.7");
});

it.each(["2001:db8:1:2::", "2001:0DB8:0001:2::9", "2001:db8:1:2::9", "2001:db8:1:2:3:4:5:6"])(
  "returns the first 64 bits of %s",
  (address) => {
    expect(rateLimitKey(address)).toBe("2001:db8:1:2");
  },
);

it("returns the first 64 bits of compressed addresses", () => {
  expect(rateLimitKey("2001:db8::4:5:6:7:8")).toBe("2001:db8:0:4");
  expect(rateLimitKey("2001:db8::1")).toBe("2001:db8:0:0");
  expect(rateLimitKey("::1")).not.toBe(rateLimitKey("2001:db8::1"));
});

it("returns other text unchanged", () => {
  expect(rateLimitKey("")).toBe("");
});

it("returns the first 48 bits on request", () => {
  expect(rateLimitKey("2001:db8:1:2::9", 48)).toBe("2001:db8:1");
  expect(rateLimitKey("2001:db8::1", 48)).toBe("2001:db8:0");
  expect(rateLimitKey("203.0.113.7", 48)).toBe("203.0.113.7");
});
