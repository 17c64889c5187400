import { BadValue } from './fields.ts';

/** A text that PostgreSQL can keep, of at most so many characters. They are code points: an emoji is one, not two. */
export function parseText(input: string, maxCharacters = Infinity): string {
  if (input.includes('\0')) throw new BadValue('must not contain the character NUL');
  if (charactersOf(input) > maxCharacters) {
    throw new BadValue(`must have at most ${maxCharacters.toLocaleString('en')} characters`);
  }
  return input;
}

// Some letters and marks are drawn as nothing, such as the Hangul filler; the blank of Braille is a symbol.
const invisible = /[\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Two texts of which one has such a character would look the same. */
export function hasInvisible(text: string): boolean {
  return invisible.test(text);
}

export function charactersOf(text: string): number {
  return Array.from(text).length;
}
