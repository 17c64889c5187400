import { defineEntity, p } from '@mikro-orm/postgresql';
import { MicrosType } from './micros-type.ts';
import { UserEntity } from './user-entity.ts';

/** A row of users.known_addresses: from there the user's password was right. The address is a keyed hash. */
export const KnownAddressEntity = defineEntity({
  name: 'KnownAddress',
  schema: 'users',
  tableName: 'known_addresses',
  properties: {
    user: () => p.manyToOne(UserEntity).primary().index(false).updateRule('no action').deleteRule('cascade'),
    addressHash: p.blob().primary(),
    seenTime: p.type(MicrosType),
  },
  indexes: [{ name: 'known_addresses_seen_time', properties: ['seenTime'] }],
});
