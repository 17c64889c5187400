import type pg from 'pg';

/** Whether it is for the service to drop the chunks of any hypertable, because the edition has no policies for it. */
export async function hasOwnRetentions(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ has: boolean }>('SELECT EXISTS (SELECT FROM events.retentions) AS has');
  return rows[0]?.has === true;
}
