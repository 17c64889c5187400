import type { EntityManager } from '@mikro-orm/postgresql';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { User } from '../domain/user.ts';
import { MicrosType } from './micros-type.ts';
import { uniqueOr } from './unique-or.ts';
import { columnsOf } from './user-entity.ts';

export interface UserToInsert {
  user: User;
  /** Absent: the user has no password. */
  passwordHash: string | undefined;
  requestId: string | undefined;
  fingerprint: string;
  /** Who creates the user. */
  actor: string;
}

const time = new MicrosType();

/** The user, the password and what tells of it: all or nothing. */
export async function insertUser(em: EntityManager, row: UserToInsert): Promise<void> {
  const { user, passwordHash, requestId, fingerprint, actor } = row;
  const values = {
    ...columnsOf(user),
    now: time.convertToDatabaseValue(user.createTime),
    requestId: requestId ?? null,
    fingerprint: requestId === undefined ? null : fingerprint,
    passwordHash: passwordHash ?? null,
    actor,
    details: JSON.stringify({ password: passwordHash === undefined ? 'none' : 'set' }),
  };
  await uniqueOr(() => triedAgain(() => em.execute(statement, values)));
}

// One statement is one transaction, and one way to the database instead of four. The change is recorded last because the
// others are read for it: PostgreSQL runs what is not read at the end.
const statement = `
  with created as (
    insert into users.users (
      id, username, username_key, email, email_key, display_name, bio, avatar_url, locale, time_zone,
      state, email_verified, revision, create_request_id, create_fingerprint, create_time, update_time
    )
    values (
      :id, :username, :usernameKey, :email, :emailKey, :displayName, :bio, :avatarUrl, :locale, :timeZone,
      :state, :emailVerified, :revision, :requestId, :fingerprint, :now, :now
    )
    returning id, create_time
  ), credential as (
    insert into users.credentials (user_id, password_hash, update_time)
    select id, :passwordHash, create_time from created where :passwordHash::text is not null
    returning 1
  ), audited as (
    insert into users.audit_entries (time, actor, action, user_id, details)
    select create_time, :actor, 'USER_CREATED', id, :details::jsonb from created
    returning 1
  )
  select users.record_change(id, 'CREATED', create_time)
  from created, (select count(*) from credential) as before, (select count(*) from audited) as too`;
