import { safePath } from "./safe-path";

it.each(["/", "/orders", "/tickets/0123456789abcdef01234567", "/?q=jazz&sort=-price"])(
  "goes on to %s",
  (path) => {
    expect(safePath(path)).toBe(path);
  },
);

it.each([
  undefined,
  "",
  "orders",
  "https://elsewhere.example",
  "//elsewhere.example",
  "/\\elsewhere.example",
  "/\t/elsewhere.example",
  "javascript:alert(1)",
])("stays at home for %s", (path) => {
  expect(safePath(path)).toBe("/");
});
