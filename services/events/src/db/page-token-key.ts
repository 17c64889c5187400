import type pg from 'pg';

/** The secret that authenticates page tokens; one for all instances, made by the migration. */
export async function pageTokenKey(pool: pg.Pool): Promise<Buffer> {
  const { rows } = await pool.query<{ value: Buffer }>(
    `SELECT value FROM events.settings WHERE name = 'page_token_key'`,
  );
  const [row] = rows;
  if (!row) throw new Error('events.settings holds no page_token_key');
  return row.value;
}
