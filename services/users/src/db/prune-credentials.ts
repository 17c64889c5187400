import type { EntityManager } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';
import { addressKnownFor } from './know-address.ts';
import { MicrosType } from './micros-type.ts';

const time = new MicrosType();
/** In one statement, which holds locks and makes work for replicas. */
const rowsAtOnce = 1_000;

/** Whoever looks after dead letters has seen it by then; what ordered the mail names somebody, though sealed. */
const deadMailKeptFor: Micros = 24 * 3_600 * 1_000_000;

/**
 * Deletes what has no meaning any more: budgets that are full again, tokens and known addresses that are too old, and
 * mails that could not be sent and would not be by now.
 */
export async function pruneCredentials(em: EntityManager, now: Micros): Promise<void> {
  await deleteUpTo(em, pruning('budgets', 'full_time'), now);
  await deleteUpTo(em, pruning('tokens', 'expire_time'), now);
  await deleteUpTo(em, pruning('known_addresses', 'seen_time'), now - addressKnownFor);
  await deleteUpTo(em, deadMails, now - deadMailKeptFor);
}

async function deleteUpTo(em: EntityManager, statement: string, end: Micros): Promise<void> {
  const values = { end: time.convertToDatabaseValue(end), limit: rowsAtOnce };
  for (;;) {
    const deleted = await em.execute<unknown[]>(statement, values);
    if (deleted.length < rowsAtOnce) return;
  }
}

// What a call is working on is left for the next time, so that no call ever waits for this. Rows that are locked stay
// where they are, so that they can be found by their place.
function pruning(table: string, timeColumn: string): string {
  return `
    delete from users.${table}
    where ctid = any (array(
      select ctid from users.${table} where ${timeColumn} <= :end order by ${timeColumn} limit :limit
      for update skip locked
    ))
    returning 1`;
}

const deadMails = `
  delete from users.dead_letters
  where id in (
    select id from users.dead_letters where kind = 'MAIL' and create_time <= :end limit :limit
  )
  returning 1`;
