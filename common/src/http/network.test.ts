import { networkOf } from "./network";

it("takes an IPv4 address as it is, in either notation", () => {
  expect(networkOf("203.0.113.7")).toBe("203.0.113.7");
  expect(networkOf("::ffff:203.0.113.7")).toBe("203.0.113.7");
});

it.each(["2001:db8:1:2::", "2001:0DB8:0001:2::9", "2001:db8:1:2::9", "2001:db8:1:2:3:4:5:6"])(
  "takes %s for the 64 bits it begins with",
  (address) => {
    expect(networkOf(address)).toBe("2001:db8:1:2");
  },
);

it("finds the 64 bits where zeros are left out", () => {
  expect(networkOf("2001:db8::4:5:6:7:8")).toBe("2001:db8:0:4");
  expect(networkOf("2001:db8::1")).toBe("2001:db8:0:0");
  expect(networkOf("::1")).not.toBe(networkOf("2001:db8::1"));
});

it("takes what is no address as it is", () => {
  expect(networkOf("")).toBe("");
});

it("takes the 48 bits of a site, where it is asked for these", () => {
  expect(networkOf("2001:db8:1:2::9", 48)).toBe("2001:db8:1");
  expect(networkOf("2001:db8::1", 48)).toBe("2001:db8:0");
  expect(networkOf("203.0.113.7", 48)).toBe("203.0.113.7");
});
