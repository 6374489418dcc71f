/** In Unicode code points. */
export const maxTitleLength = 200;

const refused = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u202a-\u202e\u2066-\u2069]/u;
// Blank signs of braille, music and hieroglyphs; the fillers of Hangul are among the ignorable ones. U+FFFC stands for an
// object that is not there, and no font draws what is unassigned or of private use.
const visible =
  /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cn}\p{Co}\p{M}\u2800\ufffc\u{1d159}\u{13441}\u{13442}]/u;

/** A title as stored: trimmed, and in NFC, so that titles that look the same are equal. */
export const normalizeTitle = (title: unknown): unknown =>
  typeof title === "string" ? title.normalize("NFC").trim() : title;

/**
 * Only the API enforces this: any title in stored data or in events is accepted.
 * @param title normalized; its characters are Unicode code points
 * @throws an error with a message for the seller
 */
export function checkTitle(title: unknown): true {
  const length = typeof title === "string" ? Array.from(title).length : 0;
  if (typeof title !== "string" || length < 1 || length > maxTitleLength)
    throw new Error(`The title must have 1 to ${maxTitleLength} characters`);
  if (refused.test(title))
    throw new Error("The title must not have line breaks, control characters or direction overrides");
  if (!visible.test(title)) throw new Error("The title must have a visible character");
  return true;
}
