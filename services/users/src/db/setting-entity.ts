import { defineEntity, p } from '@mikro-orm/postgresql';

/** A row of users.settings: what all instances of the service share and a migration made. */
export const SettingEntity = defineEntity({
  name: 'Setting',
  schema: 'users',
  tableName: 'settings',
  properties: {
    name: p.text().primary(),
    value: p.blob().hidden(),
  },
});
