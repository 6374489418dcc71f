import { canonicalEmail } from "./canonical-email";

it.each([
  ["another domain in Punycode", "u@bücher.example", "u@xn--bcher-kva.example"],
  ["another case", "U@BÜCHER.Example", "u@xn--bcher-kva.example"],
  ["decomposed letters", "e\u0301@bu\u0308cher.example", "\u00e9@xn--bcher-kva.example"],
  ["another dot", "u@books。example", "u@books.example"],
  ["quotes", '"U.x"@books.example', "u.x@books.example"],
  ["a backslash within quotes", '"\\u"@books.example', "u@books.example"],
  ["quotes around letters beyond ASCII", '"\u00e9"@books.example', "\u00e9@books.example"],
  ["a backslash where the quotes are needed", '"\\a b"@books.example', '"a b"@books.example'],
])("treats %s as the same mailbox", (_, one, other) => {
  expect(canonicalEmail(one)).toBe(other);
  expect(canonicalEmail(other)).toBe(other);
});

it.each([
  "al.ice+tickets@gmail.com",
  '"a@b"@example.com',
  '"a..b"@example.com',
  '"a\\"b"@example.com',
  '""@example.com',
  "u@xn--a.example",
  "no address",
])("keeps %s as it is", (email) => expect(canonicalEmail(email)).toBe(email));
