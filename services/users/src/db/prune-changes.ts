import type { EntityManager } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';
import { MicrosType } from './micros-type.ts';

const time = new MicrosType();

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
  return em.transactional(async (transaction) => {
    await transaction.execute('update users.pruned_changes set through = ? where through < ?', [through, through]);
    const pruned = await transaction.execute<unknown[]>(
      'delete from users.user_changes where number <= ? returning 1',
      [through],
    );
    return pruned.length;
  });
}

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
