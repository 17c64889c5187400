import { defineEntity, p } from '@mikro-orm/postgresql';
import type { AuditAction, AuditDetails } from '../domain/audit-entry.ts';
import { MicrosType } from './micros-type.ts';

const idOfActor = `(substring(lower(actor) from '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'))`;

/** A row of users.audit_entries. The service's role can add entries and change none. */
export const AuditEntryEntity = defineEntity({
  name: 'AuditEntry',
  schema: 'users',
  tableName: 'audit_entries',
  properties: {
    number: p.bigint().primary(),
    time: p.type(MicrosType),
    actor: p.text(),
    action: p.text().$type<AuditAction>(),
    userId: p.uuid().nullable(),
    details: p.json<AuditDetails>(),
  },
  indexes: [
    { name: 'audit_entries_time', properties: ['time', 'number'] },
    { name: 'audit_entries_user', properties: ['userId', 'time', 'number'] },
    { name: 'audit_entries_actor', properties: ['actor', 'time', 'number'] },
    { name: 'audit_entries_action', properties: ['action', 'time', 'number'] },
    {
      name: 'audit_entries_other',
      expression:
        `create index audit_entries_other on users.audit_entries ((details ->> 'other_id')) ` +
        `where details ->> 'other_id' is not null`,
    },
    {
      name: 'audit_entries_actor_id',
      expression:
        `create index audit_entries_actor_id on users.audit_entries (${idOfActor}) ` + `where ${idOfActor} is not null`,
    },
  ],
});
