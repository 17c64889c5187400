import type { EntityManager } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';
import { MicrosType } from './micros-type.ts';

const time = new MicrosType();
/** In one transaction, which holds locks and makes work for replicas. */
const rowsAtOnce = 1_000;

/**
 * Removes the changes of users that are older, and notes up to which number: whoever comes back with a cursor from before
 * is told. Of the order by number only a beginning goes, so that no gap is left.
 * @param keep as PostgreSQL reads an interval
 * @returns how many
 */
export async function pruneChanges(em: EntityManager, keep: string, now: Micros): Promise<number> {
  const [row] = await em.execute<[{ through: string | null }]>(oldStatement, {
    keep,
    now: time.convertToDatabaseValue(now),
  });
  const { through } = row;
  if (through === null) return 0;
  let pruned = 0;
  for (;;) {
    const inBatch = await pruneBatch(em, through);
    pruned += inBatch;
    if (inBatch < rowsAtOnce) return pruned;
  }
}

function pruneBatch(em: EntityManager, through: string): Promise<number> {
  return em.transactional(async (transaction) => {
    const [row] = await transaction.execute<[{ last: string | null }]>(batchStatement, [through, rowsAtOnce]);
    const { last } = row;
    if (last === null) return 0;
    await transaction.execute('update users.pruned_changes set through = ? where through < ?', [last, last]);
    const [gone] = await transaction.execute<[{ count: number }]>(deleteStatement, [last]);
    return gone.count;
  });
}

const batchStatement = `
  select max(number) as last
  from (select number from users.user_changes where number <= ? order by number limit ?) as oldest`;

const deleteStatement = `
  with gone as (delete from users.user_changes where number <= ? returning 1)
  select count(*)::int as count from gone`;

// Up to the first that is young enough; all where none is.
const oldStatement = `
  select coalesce(
    (
      select number - 1 from users.user_changes
      where time >= :now::timestamptz - :keep::interval
      order by number limit 1
    ),
    (select max(number) from users.user_changes)
  ) as through`;
