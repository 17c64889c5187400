import { caseFold } from './case-fold.ts';
import { BadValue } from './fields.ts';
import { isReserved } from './reserved-usernames.ts';
import { charactersOf, hasInvisible } from './text.ts';

/** The name to sign in with. */
export interface Username {
  /** As the user writes it, in NFC. */
  readonly text: string;
  /** What is unique. */
  readonly key: string;
}

const minCharacters = 3;
const maxCharacters = 64;
const allowed = /^[\p{L}\p{M}\p{Nd}._-]*$/u;

export function parseUsername(input: string): Username {
  const text = input.normalize('NFC');
  const length = charactersOf(text);
  if (length < minCharacters || length > maxCharacters) {
    throw new BadValue(`must have ${minCharacters} to ${maxCharacters} characters`);
  }
  if (!allowed.test(text) || hasInvisible(text)) {
    throw new BadValue('must consist of letters, marks, digits, ".", "_" and "-"');
  }
  const key = usernameKey(text);
  if (isReserved(key)) throw new BadValue('is reserved: choose another');
  return { text, key };
}

/** The key of any text, to look up; that of a text which is no username belongs to nobody. */
export function usernameKey(text: string): string {
  return caseFold(text);
}
