import type { EntityManager } from '@mikro-orm/postgresql';
import { costOf, type CostShare } from '../domain/password-hasher.ts';

/** How many hashes are looked at: enough to know a share to a hundredth. */
const sampleRows = 20_000;

/** Which costs the hashes have that are kept. */
export async function hashCosts(em: EntityManager): Promise<CostShare[]> {
  const [size] = await em.execute<{ rows: number }[]>(
    `select reltuples::float8 as rows from pg_class where oid = 'users.credentials'::regclass`,
  );
  const percent = Math.min(100, (100 * sampleRows) / Math.max(size?.rows ?? 0, 1));
  const counts = await em.execute<{ cost: string; count: number }[]>(statement, { percent });
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  return counts.flatMap(({ cost, count }) => {
    const parsed = costOf(cost);
    return parsed ? [{ cost: parsed, share: count / total }] : [];
  });
}

const statement = `
  select split_part(password_hash, '$', 4) as cost, count(*)::int as count
  from users.credentials tablesample system (:percent)
  group by cost`;
