import { domainToASCII } from 'node:url';
import { caseFold } from './case-fold.ts';
import { BadValue } from './fields.ts';
import { charactersOf, hasInvisible } from './text.ts';

/** An address to write to. */
export interface Email {
  /** As the user writes it. */
  readonly text: string;
  /** What is unique. */
  readonly key: string;
}

const maxCharacters = 254;
// Less than RFC 5321 allows (no quoted local part, no address literal as the domain) and all that people have.
const local = /^[^\s\p{C}@"(),:;<>[\\\]]+$/u;
const domain = /^[\p{L}\p{M}\p{Nd}.-]+$/u;
const asciiDomain = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export function parseEmail(input: string): Email {
  if (charactersOf(input) > maxCharacters) throw new BadValue(`must have at most ${maxCharacters} characters`);
  const parts = partsOf(input);
  if (!parts) throw new BadValue('must be an address of the form local@domain');
  return { text: input, key: keyOf(parts) };
}

/** The key of any text, to look up; that of a text which is no address belongs to nobody. */
export function emailKey(text: string): string {
  const parts = partsOf(text);
  return parts ? keyOf(parts) : text;
}

interface Parts {
  local: string;
  asciiDomain: string;
}

function partsOf(text: string): Parts | undefined {
  // Those of the domain are not in its Punycode.
  if (hasInvisible(text)) return undefined;
  const at = text.lastIndexOf('@');
  const parts = { local: text.slice(0, at), asciiDomain: asciiOf(text.slice(at + 1)) };
  const dotsApart = !`.${parts.local}.`.includes('..');
  return at > 0 && local.test(parts.local) && dotsApart && asciiDomain.test(parts.asciiDomain) ? parts : undefined;
}

function asciiOf(text: string): string {
  // Tested first, since domainToASCII also decodes percent signs and cuts off what follows a slash.
  return domain.test(text) ? domainToASCII(text) : '';
}

function keyOf(parts: Parts): string {
  return `${caseFold(parts.local)}@${parts.asciiDomain}`;
}
