import { setTimeout } from 'node:timers/promises';
import type { Client } from 'pg';

/** Waits until everything in the outbox is delivered. */
export async function untilEmpty(sql: Client): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 20) {
    const { rows } = await sql.query<{ left: number }>('select count(*)::int as left from users.outbox');
    if (rows[0]?.left === 0) return;
    await setTimeout(20);
  }
  throw new Error('the outbox does not become empty');
}
