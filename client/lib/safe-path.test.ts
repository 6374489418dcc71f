import { safePath } from "./safe-path";

it.each(["/", "/orders", "/tickets/0123456789abcdef01234567", "/?q=jazz&sort=-price"])(
  "continues to %s",
  (path) => {
    expect(safePath(path)).toBe(path);
  },
);

it.each([
  ["/東?q=é", "/%E6%9D%B1?q=%C3%A9"],
  ["/%E6%9D%B1", "/%E6%9D%B1"],
  ["/orders/../listings", "/listings"],
  [`/${"東".repeat(222)}`, `/${"%E6%9D%B1".repeat(222)}`],
])("encodes %s for a header", (path, expected) => {
  expect(safePath(path)).toBe(expected);
});

it.each([
  undefined,
  "",
  "orders",
  "https://elsewhere.example",
  "//elsewhere.example",
  "/\\elsewhere.example",
  "/\t/elsewhere.example",
  "/.//elsewhere.example",
  "javascript:alert(1)",
  `/?q=${"x".repeat(2_000)}`,
  `/${"東".repeat(223)}`,
])("returns the front page for %s", (path) => {
  expect(safePath(path)).toBe("/");
});
