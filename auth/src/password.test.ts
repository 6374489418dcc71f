import { hashPassword, isOutdated, verifyPassword } from "./password";

const password = "correct horse";

it("hashes at the recommended cost, which takes more memory than Node allows by itself", async () => {
  const hash = await hashPassword(password);
  expect(hash).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$/);
  expect(await verifyPassword(password, hash)).toBe(true);
});

it("distinguishes the password from others", async () => {
  const hash = await hashPassword(password, 16);
  expect(await verifyPassword(password, hash)).toBe(true);
  expect(await verifyPassword("correct horsf", hash)).toBe(false);
  expect(await verifyPassword("", hash)).toBe(false);
});

it("hashes the same password differently each time", async () => {
  expect(await hashPassword(password, 16)).not.toBe(await hashPassword(password, 16));
});

it("treats composed and decomposed letters as equal", async () => {
  expect(await verifyPassword("cafe\u0301 noir", await hashPassword("caf\u00e9 noir", 16))).toBe(true);
});

it("verifies hashes with other parameters, and reports them as outdated", async () => {
  // Made by another implementation of scrypt, Python's hashlib.
  const hash =
    "$scrypt$ln=4,r=16,p=3$dHdlbnR5LWZvdXIgYnl0ZXMgb2Ygc2Vh$ku0NQAoegMhTrtIsrj7dkmfeKDFKR6rY0CM7FKiDCIOyYZ+3z4FHL2IXpXWzfqo7";
  expect(await verifyPassword(password, hash)).toBe(true);
  expect(isOutdated(hash)).toBe(true);
  expect(isOutdated(hash.replace("ln=4,r=16,p=3", "ln=17,r=8,p=1"))).toBe(false);
});
