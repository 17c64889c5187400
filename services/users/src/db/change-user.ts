import type { EntityManager } from '@mikro-orm/postgresql';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { AuditAction, AuditDetails } from '../domain/audit-entry.ts';
import { etagOf } from '../domain/etag.ts';
import type { ChangeKind } from '../domain/user-change.ts';
import { EtagMismatch, UserNotFound } from '../domain/user-errors.ts';
import type { User } from '../domain/user.ts';
import { MicrosType } from './micros-type.ts';
import { uniqueOr } from './unique-or.ts';
import { columnsOf, UserEntity, userOf } from './user-entity.ts';

/** How the audit and the changes of users tell of a change. */
export interface Telling {
  readonly actor: string;
  readonly action: AuditAction;
  readonly kind: ChangeKind;
  readonly details?: (before: User, after: User) => AuditDetails;
}

/**
 * Makes a change to the user as it is at the time, and tells of it: where another change came between the read and the
 * write, the write finds nothing, and all begins again with what that change made. Every round some change is made, and
 * no lock is held while this process thinks. In a transaction it comes last, since its number is the order of commits.
 * @param etag the one that the user must have; empty: any
 */
export async function changeUser(
  em: EntityManager,
  { id, etag }: { id: string; etag: string },
  change: (user: User) => User,
  telling: Telling,
): Promise<User> {
  for (;;) {
    const row = await em.findOne(UserEntity, { id }, { disableIdentityMap: true });
    if (!row) throw new UserNotFound(id);
    const user = userOf(row);
    const next = change(user);
    if (etag !== '' && etag !== etagOf(user)) throw new EtagMismatch(id);
    if (next === user) return user;
    const values = valuesOf(user, next, telling);
    // Two users who swap their usernames at once wait for each other.
    const write = () => em.execute<unknown[]>(statement, values);
    // A transaction that was given up is its caller's to try again.
    const written = await uniqueOr(() => (em.isInTransaction() ? write() : triedAgain(write)));
    if (written.length === 1) return next;
  }
}

const time = new MicrosType();

function valuesOf(user: User, next: User, { actor, action, kind, details }: Telling): Record<string, unknown> {
  return {
    ...columnsOf(next),
    unchanged: user.revision,
    updateTime: time.convertToDatabaseValue(next.updateTime),
    deleteTime: next.deleteTime === null ? null : time.convertToDatabaseValue(next.deleteTime),
    lockTime: next.lockTime === null ? null : time.convertToDatabaseValue(next.lockTime),
    actor,
    action,
    kind,
    details: JSON.stringify(details?.(user, next) ?? {}),
    endsTokens: next.email.key !== user.email.key || next.state !== 'ACTIVE',
  };
}

// One statement is one transaction, and one way to the database instead of six. The change is recorded last because the
// others are read for it: PostgreSQL runs what is not read at the end.
const statement = `
  with changed as (
    update users.users
    set username = :username, username_key = :usernameKey, email = :email, email_key = :emailKey,
      display_name = :displayName, bio = :bio, avatar_url = :avatarUrl, locale = :locale, time_zone = :timeZone,
      state = :state, email_verified = :emailVerified, revision = :revision,
      update_time = :updateTime, delete_time = :deleteTime, lock_time = :lockTime
    where id = :id and revision = :unchanged
    returning id, update_time
  ), audited as (
    insert into users.audit_entries (time, actor, action, user_id, details)
    select update_time, :actor, :action, id, :details::jsonb from changed
    returning 1
  ), ended as (
    delete from users.tokens t using changed where t.user_id = changed.id and :endsTokens::boolean
    returning 1
  )
  select users.record_change(id, :kind, update_time)
  from changed, (select count(*) from audited) as before, (select count(*) from ended) as too`;
