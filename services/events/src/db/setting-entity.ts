import { defineEntity, p } from '@mikro-orm/postgresql';

/** The table events.settings: what all instances of the service share. */
export const SettingEntity = defineEntity({
  name: 'Setting',
  schema: 'events',
  tableName: 'settings',
  properties: {
    name: p.text().primary(),
    value: p.blob(),
  },
});
