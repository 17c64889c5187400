import { isCommonPassword } from './common-passwords.ts';
import { BadValue } from './fields.ts';
import { charactersOf } from './text.ts';

const minCharacters = 8;
const maxCharacters = 256;

/** A password that may be set. */
export function parseNewPassword(input: string): string {
  const password = parse(input, minCharacters);
  if (isCommonPassword(password)) throw new BadValue('is one of the most common passwords: choose another');
  return password;
}

/** A password to check: the shortest allowed length is left out, since it may have been another in the past. */
export function parsePassword(input: string): string {
  return parse(input, 1);
}

function parse(input: string, min: number): string {
  // The same password typed on two keyboards can differ in composition (NIST SP 800-63B, 5.1.1.2).
  const password = input.normalize('NFC');
  const length = charactersOf(password);
  if (length < min || length > maxCharacters) throw new BadValue(`must have ${min} to ${maxCharacters} characters`);
  return password;
}
