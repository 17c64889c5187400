import { defineEntity, p } from '@mikro-orm/postgresql';
import type { TokenPurpose } from '../domain/token.ts';
import { MicrosType } from './micros-type.ts';
import { UserEntity } from './user-entity.ts';

/** A row of users.tokens: a token that was mailed to `emailKey`, as a hash. Its id is that of the mail. */
export const TokenEntity = defineEntity({
  name: 'Token',
  schema: 'users',
  tableName: 'tokens',
  properties: {
    id: p.uuid().primary(),
    hash: p.blob().hidden().unique('tokens_hash_unique'),
    user: () => p.manyToOne(UserEntity).index('tokens_user_id').updateRule('no action').deleteRule('cascade'),
    purpose: p.text().$type<TokenPurpose>(),
    emailKey: p.text().collation('C'),
    expireTime: p.type(MicrosType),
  },
  indexes: [{ name: 'tokens_expire_time', properties: ['expireTime'] }],
  checks: [{ name: 'tokens_purpose_check', expression: `purpose in ('PASSWORD_RESET', 'EMAIL_VERIFICATION')` }],
});
