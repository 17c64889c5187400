import type { EntityManager } from '@mikro-orm/postgresql';
import { UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import type { Account } from '../domain/account.ts';
import { OpenRequestIdReused, UserLocked } from '../domain/account-errors.ts';
import type { Micros } from '../domain/clock.ts';
import { accountFingerprint, type NewAccount } from '../domain/new-account.ts';
import { UserDeleted, UserNotFound } from '../domain/user-errors.ts';
import type { UserState } from '../domain/user.ts';
import { uuidv7 } from '../domain/uuid.ts';
import { AccountEntity, accountConstraints, accountOf } from './account-entity.ts';
import { MicrosType } from './micros-type.ts';

const time = new MicrosType();

/** Opens an account, or finds the one that the same request opened before. */
export async function openAccount(
  em: EntityManager,
  newAccount: NewAccount,
  { actor, now }: { actor: string; now: Micros },
): Promise<Account> {
  const opened = await openedBefore(em, newAccount);
  if (opened) return opened;
  const { userId, currency, limitMinor, requestId } = newAccount;
  const id = uuidv7(Math.floor(now / 1_000));
  const rows = await unlessOpenedMeanwhile(() =>
    em.execute<{ state: UserState; opened: boolean }[]>(statement, {
      id,
      userId,
      currency,
      limitMinor: String(limitMinor),
      requestId: requestId ?? null,
      fingerprint: requestId === undefined ? null : accountFingerprint(newAccount),
      now: time.convertToDatabaseValue(now),
      actor,
    }),
  );
  const [owner] = rows ?? [];
  if (rows && !owner) throw new UserNotFound(userId);
  if (owner?.state === 'LOCKED') throw new UserLocked(userId);
  if (owner?.state === 'DELETED') throw new UserDeleted(userId);
  return rows ? accountOf(await em.findOneOrFail(AccountEntity, { id })) : openAccount(em, newAccount, { actor, now });
}

/** undefined where the same request, sent twice at once, has opened it. */
async function unlessOpenedMeanwhile<T>(open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open();
  } catch (error) {
    const isSameRequest =
      error instanceof UniqueConstraintViolationException &&
      (error as { constraint?: string }).constraint === accountConstraints.openRequestId;
    if (isSameRequest) return undefined;
    throw error;
  }
}

async function openedBefore(em: EntityManager, newAccount: NewAccount): Promise<Account | undefined> {
  const { requestId } = newAccount;
  if (requestId === undefined) return undefined;
  const row = await em.findOne(AccountEntity, { openRequestId: requestId }, { disableIdentityMap: true });
  if (row && row.openFingerprint !== accountFingerprint(newAccount)) throw new OpenRequestIdReused(requestId);
  return row ? accountOf(row) : undefined;
}

// The owner is locked against changes meanwhile, so that no account is opened for one who has just been deleted.
const statement = `
  with owner as (
    select id, state from users.users where id = :userId for share
  ), opened as (
    insert into users.accounts (
      id, user_id, currency, limit_minor, state, open_request_id, open_fingerprint, create_time, update_time
    )
    select :id, id, :currency, :limitMinor::bigint, 'OPEN', :requestId::uuid, :fingerprint, :now, :now
    from owner where state = 'ACTIVE'
    returning id, user_id, create_time
  ), audited as (
    insert into users.audit_entries (time, actor, action, user_id, details)
    select create_time, :actor, 'ACCOUNT_OPENED', user_id, jsonb_build_object('account_id', id) from opened
  )
  select state from owner`;
