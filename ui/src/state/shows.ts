/**
 * Characters that show nothing: controls, formats, spaces, ignorable ones, and signs that are drawn
 * blank. The node has the same rule.
 */
const NOTHING = /[\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\ufffc\u{1d159}]/gu;

/** Whether anything of a text can be seen; a name or a message needs that. */
export function shows(text: string): boolean {
  return text.replace(NOTHING, '') !== '';
}
