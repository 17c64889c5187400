import { defineEntity, p } from '@mikro-orm/postgresql';
import { MicrosType } from './micros-type.ts';
import { UserEntity } from './user-entity.ts';

/** A row of users.credentials. They lie apart from users, so that no query for users can answer a hash. */
export const CredentialEntity = defineEntity({
  name: 'Credential',
  schema: 'users',
  tableName: 'credentials',
  properties: {
    user: () => p.oneToOne(UserEntity).primary().updateRule('no action').deleteRule('cascade'),
    passwordHash: p.text().hidden(),
    updateTime: p.type(MicrosType),
  },
});
