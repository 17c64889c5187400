import { defineEntity, p, type InferEntity } from '@mikro-orm/postgresql';
import type { User, UserState } from '../domain/user.ts';
import { MicrosType } from './micros-type.ts';

/** The names of the constraints that say whose value a new row clashes with. */
export const uniqueness = {
  username: 'users_username_key_unique',
  email: 'users_email_key_unique',
  requestId: 'users_create_request_id_unique',
} as const;

/** A row of users.users. */
export const UserEntity = defineEntity({
  name: 'User',
  schema: 'users',
  tableName: 'users',
  properties: {
    id: p.uuid().primary(),
    username: p.text(),
    usernameKey: p.text().collation('C').unique(uniqueness.username),
    email: p.text(),
    emailKey: p.text().collation('C').unique(uniqueness.email),
    displayName: p.text(),
    bio: p.text(),
    avatarUrl: p.text(),
    locale: p.text(),
    timeZone: p.text(),
    state: p.text().$type<UserState>(),
    emailVerified: p.boolean(),
    revision: p.integer(),
    createRequestId: p.uuid().nullable().unique(uniqueness.requestId),
    createFingerprint: p.text().nullable(),
    createTime: p.type(MicrosType),
    updateTime: p.type(MicrosType),
    deleteTime: p.type(MicrosType).nullable(),
    lockTime: p.type(MicrosType).nullable(),
  },
  indexes: [
    { name: 'users_state_create_time', properties: ['state', 'createTime', 'id'] },
    { name: 'users_state_username', properties: ['state', 'usernameKey'] },
    { name: 'users_delete_time', properties: ['deleteTime', 'id'], where: 'delete_time is not null' },
  ],
  checks: [
    { name: 'users_state_check', expression: `state in ('ACTIVE', 'LOCKED', 'DELETED')` },
    { name: 'users_delete_time_check', expression: `(state = 'DELETED') = (delete_time is not null)` },
    {
      name: 'users_lock_time_check',
      expression: `state = 'DELETED' or (state = 'LOCKED') = (lock_time is not null)`,
    },
  ],
});

export type UserRow = InferEntity<typeof UserEntity>;

export function userOf(row: UserRow): User {
  return {
    id: row.id,
    username: { text: row.username, key: row.usernameKey },
    email: { text: row.email, key: row.emailKey },
    displayName: row.displayName,
    bio: row.bio,
    avatarUrl: row.avatarUrl,
    locale: row.locale,
    timeZone: row.timeZone,
    state: row.state,
    emailVerified: row.emailVerified,
    revision: row.revision,
    createTime: row.createTime,
    updateTime: row.updateTime,
    deleteTime: row.deleteTime ?? null,
    lockTime: row.lockTime ?? null,
  };
}

type Columns = Omit<User, 'username' | 'email'> & Record<'username' | 'usernameKey' | 'email' | 'emailKey', string>;

export function columnsOf({ username, email, ...others }: User): Columns {
  return { ...others, username: username.text, usernameKey: username.key, email: email.text, emailKey: email.key };
}
