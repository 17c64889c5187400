import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditEntry } from '../domain/audit-entry.ts';
import { MicrosType } from './micros-type.ts';

const time = new MicrosType();

/** Adds an entry; in the transaction of what it tells, so that there is both or neither. */
export async function recordAudit(em: EntityManager, entry: AuditEntry): Promise<void> {
  await em.execute(statement, {
    time: time.convertToDatabaseValue(entry.time),
    actor: entry.actor,
    action: entry.action,
    userId: entry.userId,
    details: JSON.stringify(entry.details),
  });
}

const statement = `
  insert into users.audit_entries (time, actor, action, user_id, details)
  values (:time, :actor, :action, :userId, :details)`;
