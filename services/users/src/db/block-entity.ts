import { defineEntity, p } from '@mikro-orm/postgresql';
import { MicrosType } from './micros-type.ts';
import { UserEntity } from './user-entity.ts';

/** A row of users.blocks: who blocks whom. */
export const BlockEntity = defineEntity({
  name: 'Block',
  schema: 'users',
  tableName: 'blocks',
  properties: {
    blocker: () => p.manyToOne(UserEntity).primary().updateRule('no action').deleteRule('cascade'),
    blocked: () => p.manyToOne(UserEntity).primary().updateRule('no action').deleteRule('cascade'),
    createTime: p.type(MicrosType),
  },
  indexes: [
    { name: 'blocks_blocking', properties: ['blocker', 'createTime', 'blocked'] },
    { name: 'blocks_blocked', properties: ['blocked'] },
  ],
  checks: [{ name: 'blocks_self_check', expression: 'blocker_id <> blocked_id' }],
});
