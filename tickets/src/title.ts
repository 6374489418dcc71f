const maxCharacters = 200;

const refused = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u202a-\u202e\u2066-\u2069]/u;
// U+2800 is a braille pattern without dots; the fillers of Hangul are among the ignorable ones.
const visible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}\p{M}\u2800]/u;

/** A title as it is stored: NFC, so that what looks alike is alike, and without space around it. */
export const normalizeTitle = (title: unknown): unknown =>
  typeof title === "string" ? title.normalize("NFC").trim() : title;

/**
 * A rule of the API alone: titles that are stored, or come by events, stay readable whatever they are.
 * @param title normalized; its characters are Unicode code points
 * @throws with what is wrong, for the seller
 */
export function checkTitle(title: unknown): true {
  const length = typeof title === "string" ? Array.from(title).length : 0;
  if (typeof title !== "string" || length < 1 || length > maxCharacters)
    throw new Error(`The title must have 1 to ${maxCharacters} characters`);
  if (refused.test(title))
    throw new Error(
      "The title must not have line breaks, control characters or marks that turn the direction of text",
    );
  if (!visible.test(title)) throw new Error("The title must have a character that can be seen");
  return true;
}
