import type { EntityManager } from '@mikro-orm/postgresql';
import type { Retry } from '../domain/dead-letters.ts';
import { outboxChannel } from './put-into-outbox.ts';

/**
 * Puts dead letters back to their places in the outbox, and says how many. An erasure, which looks for messages here and
 * there, comes before or after: one that is on its way between the two would keep the person's id.
 */
export async function retryDeadLetters(em: EntityManager, retry: Retry): Promise<number> {
  const rows = await em.transactional(async (transaction) => {
    await transaction.execute('select pg_advisory_xact_lock_shared(7204051998)');
    return transaction.execute<{ retried: number }[]>(statement, {
      ids: `{${'ids' in retry ? retry.ids.join() : ''}}`,
      kind: 'kind' in retry ? retry.kind : null,
    });
  });
  return rows.reduce((sum, { retried }) => sum + retried, 0);
}

// With its number of before, a message is the first of its lane again.
const statement = `
  with retried as (
    delete from users.dead_letters where id = any(:ids::bigint[]) or kind = :kind::text
    returning id, kind, lane, payload, create_time
  ), put as (
    insert into users.outbox (id, kind, lane, payload, create_time)
    select id, kind, lane, payload, create_time from retried
    returning kind
  )
  select count(*)::int as retried, pg_notify('${outboxChannel}', kind) from put group by kind`;
