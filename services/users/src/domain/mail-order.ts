import type { Secrets } from './secrets.ts';
import type { TokenPurpose } from './token.ts';
import type { UserKey } from './user-key.ts';

/**
 * A mail with a token that somebody asked for. Whether anybody is to get it turns out when it is made, so that asking is
 * the same work for everyone; and so no token is ever kept.
 */
export interface MailOrder {
  readonly purpose: TokenPurpose;
  readonly account: UserKey;
  /** Who asked, for the audit. */
  readonly actor: string;
}

/** As it waits in the outbox: sealed, since it names an address. */
export function sealOrder(order: MailOrder, secrets: Secrets): { sealed: string } {
  return { sealed: secrets.seal(JSON.stringify(order)) };
}

/** @throws where it was not sealed by `secrets` */
export function openOrder(payload: Readonly<Record<string, unknown>>, secrets: Secrets): MailOrder {
  return JSON.parse(secrets.open(String(payload['sealed']))) as MailOrder;
}
