import { defineEntity, p } from '@mikro-orm/postgresql';
import type { ChangeKind } from '../domain/user-change.ts';
import { MicrosType } from './micros-type.ts';

/**
 * A row of users.user_changes: a change of a user, numbered in the order of the commits. It names the user and says
 * nothing else, so that what is to be erased of a person is not here.
 */
export const UserChangeEntity = defineEntity({
  name: 'UserChange',
  schema: 'users',
  tableName: 'user_changes',
  properties: {
    number: p.bigint().primary().autoincrement(false),
    time: p.type(MicrosType),
    userId: p.uuid(),
    kind: p.text().$type<ChangeKind>(),
  },
  indexes: [
    { name: 'user_changes_time', properties: ['time'] },
    { name: 'user_changes_user', properties: ['userId'] },
  ],
});

/** The row of users.pruned_changes: up to which number changes are no longer kept. */
export const PrunedChangesEntity = defineEntity({
  name: 'PrunedChanges',
  schema: 'users',
  tableName: 'pruned_changes',
  properties: {
    id: p.integer().primary().autoincrement(false),
    through: p.bigint(),
  },
  checks: [{ name: 'pruned_changes_id_check', expression: 'id = 1' }],
});
