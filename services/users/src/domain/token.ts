import { createHash, randomBytes } from 'node:crypto';
import type { Micros } from './clock.ts';
import { BadValue } from './fields.ts';

export type TokenPurpose = 'PASSWORD_RESET' | 'EMAIL_VERIFICATION';

export const tokenLifetime: Micros = 10 * 60 * 1_000_000;

/** Twice of what nobody can guess. */
const tokenBytes = 32;
const maxCharacters = 100;

export interface Token {
  /** What the user is sent; it is kept nowhere. */
  readonly text: string;
  readonly hash: Buffer;
}

export function newToken(): Token {
  const text = randomBytes(tokenBytes).toString('base64url');
  return { text, hash: tokenHash(text) };
}

/** A plain hash: what is as random as this needs no slow one. */
function tokenHash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The hash of a token that a user has; one of any other text belongs to nobody. */
export function parseToken(input: string): Buffer {
  if (input === '') throw new BadValue('must be given');
  if (input.length > maxCharacters) throw new BadValue(`must have at most ${maxCharacters} characters`);
  return tokenHash(input);
}
