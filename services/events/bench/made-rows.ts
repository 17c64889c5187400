import type pg from 'pg';

export interface MadeRows {
  count: number;
  /** The first time, in microseconds. */
  start: number;
  /** The first time that no row has. */
  end: number;
}

/** Most rows are of this user, whom no rollup knows. */
export const frequentUser = 'the one';

const atOnce = 500_000;

/** Fills the table in SQL, faster than a client can; the rows are spread evenly over the range. */
export async function insertRows(admin: pg.Client, { count, start, end }: MadeRows): Promise<void> {
  const stepMicros = (end - start) / count;
  for (let from = 0; from < count; from += atOnce) {
    const until = Math.min(count, from + atOnce) - 1;
    await admin.query(insertSql, [from, until, start, stepMicros, frequentUser]);
  }
  await admin.query('VACUUM ANALYZE events.events');
}

const insertSql = `
  INSERT INTO events.events (
    time, id, received_time, page, user_agent, ip_address, referrer, session_id, user_id, duration_us
  )
  SELECT
    timestamptz 'epoch' + ($3::float8 + n * $4::float8) * interval '1 microsecond',
    gen_random_uuid(),
    now(),
    '/products/product-number-' || n * 7919 % 200,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || n * 104729 % 2000 || '.0.0.0',
    '10.0.0.0'::inet + n / 8 % 16000000,
    CASE WHEN n % 2 = 0 THEN 'https://www.example.com/' END,
    md5((n / 8)::text),
    CASE WHEN n % 10 > 0 THEN $5 END,
    n * 15485863 % 30000000
  FROM generate_series($1::bigint, $2::bigint) AS n`;
