import { BadValue } from './fields.ts';

/** A text that PostgreSQL can keep, of at most so many characters. They are code points: an emoji is one, not two. */
export function parseText(input: string, maxCharacters = Infinity): string {
  if (input.includes('\0')) throw new BadValue('must not contain the character NUL');
  if (charactersOf(input) > maxCharacters) {
    throw new BadValue(`must have at most ${maxCharacters.toLocaleString('en')} characters`);
  }
  return input;
}

export function charactersOf(text: string): number {
  return Array.from(text).length;
}
