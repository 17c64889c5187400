import { createHash } from 'node:crypto';
import { attributeParsers, type Attributes, type AttributesInput } from './attributes.ts';
import { at, together } from './fields.ts';
import { parseNewPassword } from './password.ts';
import { parseUuid } from './uuid.ts';

/** A user to create. */
export interface NewUser {
  readonly attributes: Attributes;
  /** Absent: none to sign in with. */
  readonly password: string | undefined;
  /** Absent: a repeat cannot be recognized. */
  readonly requestId: string | undefined;
}

export interface NewUserInput {
  readonly user?: AttributesInput | undefined;
  readonly password: string;
  readonly requestId: string;
}

export function parseNewUser(input: NewUserInput): NewUser {
  const { password, requestId, ...attributes } = together({
    ...attributeParsers(input.user),
    password: at('password', () => (input.password === '' ? undefined : parseNewPassword(input.password))),
    requestId: at('request_id', () => (input.requestId === '' ? undefined : parseUuid(input.requestId))),
  });
  return { attributes, password, requestId };
}

/**
 * Tells a repeat of a request from another request under the same id. The password stays out: a digest of it that is
 * quick to make would be quick to guess.
 */
export function fingerprintOf({ username, email, displayName, bio, avatarUrl, locale, timeZone }: Attributes): string {
  const values = [username.text, email.text, displayName, bio, avatarUrl, locale, timeZone];
  return createHash('sha256').update(JSON.stringify(values)).digest('base64url');
}
