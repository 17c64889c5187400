import { defineEntity, p } from '@mikro-orm/postgresql';
import { MicrosType } from './micros-type.ts';
import { UserEntity } from './user-entity.ts';

/** A row of users.follows: who follows whom. */
export const FollowEntity = defineEntity({
  name: 'Follow',
  schema: 'users',
  tableName: 'follows',
  properties: {
    follower: () => p.manyToOne(UserEntity).primary().updateRule('no action').deleteRule('cascade'),
    followee: () => p.manyToOne(UserEntity).primary().updateRule('no action').deleteRule('cascade'),
    createTime: p.type(MicrosType),
  },
  indexes: [
    { name: 'follows_following', properties: ['follower', 'createTime', 'followee'] },
    { name: 'follows_followers', properties: ['followee', 'createTime', 'follower'] },
  ],
  checks: [{ name: 'follows_self_check', expression: 'follower_id <> followee_id' }],
});
