import { createHash } from 'node:crypto';
import { parseCurrency } from './currency.ts';
import { at, BadValue, together } from './fields.ts';
import { parseUuid } from './uuid.ts';

/** An account to open. */
export interface NewAccount {
  readonly userId: string;
  readonly currency: string;
  readonly limitMinor: bigint;
  /** Absent: a repeat cannot be recognized. */
  readonly requestId: string | undefined;
}

export interface NewAccountInput {
  readonly userId: string;
  readonly currency: string;
  readonly limitMinor: bigint;
  readonly requestId: string;
}

export function parseNewAccount(input: NewAccountInput): NewAccount {
  return together({
    userId: at('user_id', () => parseUuid(input.userId)),
    currency: at('currency', () => parseCurrency(input.currency)),
    limitMinor: at('limit_minor', () => parseLimit(input.limitMinor)),
    requestId: at('request_id', () => (input.requestId === '' ? undefined : parseUuid(input.requestId))),
  });
}

/** Tells a repeat of a request from another request under the same id. */
export function accountFingerprint({ userId, currency, limitMinor }: NewAccount): string {
  return createHash('sha256').update(`${userId} ${currency} ${limitMinor}`).digest('base64url');
}

function parseLimit(limitMinor: bigint): bigint {
  if (limitMinor > 0n) throw new BadValue('must be 0 or negative: it is how far the balance may fall');
  return limitMinor;
}
