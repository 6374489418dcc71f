import { accountRequest, isAccountIntent } from "./account-request";

it.each([
  ["verification", "post", "/api/users/verification", {}],
  ["password", "post", "/api/users/password", { password: "old", newPassword: "new" }],
  ["deletion", "post", "/api/users/deletion", { password: "old" }],
  ["sessions", "delete", "/api/users/sessions", undefined],
] as const)("sends a form for %s to auth, with what it needs", (intent, method, url, data) => {
  const values = { intent, password: "old", newPassword: "new" };
  expect(accountRequest(intent, values)).toEqual({ method, url, data });
});

it.each(["", "signout", "toString", "__proto__"])("rejects %p as an intent", (intent) => {
  expect(isAccountIntent(intent)).toBe(false);
});
