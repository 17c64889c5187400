import { BadValue } from './fields.ts';
import { parseText } from './text.ts';

export function parseDisplayName(input: string): string {
  return parseText(input, 128);
}

export function parseBio(input: string): string {
  return parseText(input, 2_000);
}

// A host follows, and neither a user nor a password before it.
const avatarUrl = /^https?:\/\/[^\s\p{C}/\\?#@]+(?:[/?#][^\s\p{C}]*)?$/iu;

/** An http or https address, or empty. */
export function parseAvatarUrl(input: string): string {
  const text = parseText(input, 2_048);
  // URL also takes what lacks slashes, has spaces around it or has line ends within, and would mend it.
  if (text === '' || (avatarUrl.test(text) && URL.canParse(text))) return text;
  throw new BadValue('must be an http:// or https:// address without a user or password');
}

/** A BCP 47 tag in its canonical spelling, or empty. */
export function parseLocale(input: string): string {
  const text = parseText(input, 64);
  if (text === '') return text;
  try {
    return Intl.getCanonicalLocales(text)[0] ?? '';
  } catch {
    throw new BadValue('must be a BCP 47 language tag, such as "pt-BR"');
  }
}

/** The name of an IANA time zone as it was given, or empty: names that mean the same zone stay different. */
export function parseTimeZone(input: string): string {
  const text = parseText(input, 64);
  if (text === '' || isTimeZone(text)) return text;
  throw new BadValue('must be an IANA time zone, such as "Asia/Kathmandu"');
}

function isTimeZone(text: string): boolean {
  // Intl also takes offsets, such as "+05:45".
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}
