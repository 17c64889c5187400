import type { Micros } from './clock.ts';

/** What can be done to a user. Names, once released, stay. */
export const auditActions = [
  'USER_CREATED',
  'USER_UPDATED',
  'USER_DELETED',
  'USER_UNDELETED',
  'USER_LOCKED',
  'USER_UNLOCKED',
  'USER_PURGED',
  'USER_ERASED',
  'USER_FOLLOWED',
  'USER_UNFOLLOWED',
  'USER_BLOCKED',
  'USER_UNBLOCKED',
  'ACCOUNT_OPENED',
  'ACCOUNT_CLOSED',
  'TRANSACTION_POSTED',
  'MONEY_TRANSFERRED',
  'PASSWORD_CHANGED',
  'PASSWORD_RESET_REQUESTED',
  'PASSWORD_RESET',
  'EMAIL_VERIFICATION_REQUESTED',
  'EMAIL_VERIFIED',
] as const;

export type AuditAction = (typeof auditActions)[number];

/** Who did what to whom. */
export interface AuditEntry {
  readonly time: Micros;
  /** Who calls, as the kit has it in CallContext. */
  readonly actor: string;
  readonly action: AuditAction;
  /** To whom; null where it concerns nobody in particular. */
  readonly userId: string | null;
  /** Names of fields, ids and numbers: never a secret, a name or an address. */
  readonly details: AuditDetails;
}

export type AuditDetails = Readonly<Record<string, string | number | readonly string[]>>;
