import type { EntityManager } from '@mikro-orm/postgresql';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { Micros } from '../domain/clock.ts';
import { MicrosType } from './micros-type.ts';

export interface Purge {
  /** How long a deleted user is kept, as PostgreSQL reads an interval. */
  readonly after: string;
  readonly now: Micros;
  /** Who the audit says did it. */
  readonly actor: string;
}

export interface Purged {
  readonly purged: number;
  /** Those who are due, and stay for an account that is open or has transactions that have not left. */
  readonly kept: number;
}

const time = new MicrosType();
const pageSize = 100;

/** Removes the users who have been deleted for so long; each in a transaction of its own. */
export async function purgeUsers(em: EntityManager, purge: Purge, signal: AbortSignal): Promise<Purged> {
  const now = time.convertToDatabaseValue(purge.now);
  const { after, actor } = purge;
  let purged = 0;
  let kept = 0;
  // Beyond the one before, since those who stay would be found again.
  let last: Due = { id: '00000000-0000-0000-0000-000000000000', deleted: '-infinity' };
  for (;;) {
    const due = await em.execute<Due[]>(dueStatement, { now, after, deleted: last.deleted, id: last.id, pageSize });
    for (const { id } of due) {
      signal.throwIfAborted();
      const rows = await triedAgain(() => em.execute<{ outcome: string }[]>(statement, { id, now, after, actor }));
      const outcome = rows[0]?.outcome;
      if (outcome === 'PURGED') purged += 1;
      if (outcome === 'ACCOUNT_OPEN' || outcome === 'NOT_DELIVERED') kept += 1;
    }
    const end = due.at(-1);
    if (!end) return { purged, kept };
    last = end;
  }
}

interface Due {
  id: string;
  deleted: string;
}

const dueStatement = `
  select id, delete_time::text as deleted
  from users.users
  where delete_time < :now::timestamptz - :after::interval
    and (delete_time, id) > (:deleted::timestamptz, :id::uuid)
  order by delete_time, id
  limit :pageSize`;

const statement = `
  with attempt as materialized (
    select users.purge_user(:id, :now::timestamptz - :after::interval) as outcome
  ), audited as (
    insert into users.audit_entries (time, actor, action, user_id, details)
    select :now::timestamptz, :actor, 'USER_PURGED', :id::uuid, '{}'::jsonb from attempt where outcome = 'PURGED'
    returning 1
  )
  select outcome, case outcome when 'PURGED' then users.record_change(:id, 'PURGED', :now) end
  from attempt, (select count(*) from audited) as before`;
