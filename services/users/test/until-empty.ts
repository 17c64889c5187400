import { until } from '@tidemark/testing';
import type { Client } from 'pg';

/** Waits until everything in the outbox is delivered. */
export function untilEmpty(sql: Client): Promise<void> {
  return until('the outbox is empty', async () => (await sql.query('select from users.outbox')).rowCount === 0);
}
