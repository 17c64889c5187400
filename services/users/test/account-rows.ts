import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';

/** An account of a user, as its row: with money on it while it is open, and with a transaction that has not left yet. */
export async function insertAccount(sql: Client, userId: string, state: 'OPEN' | 'CLOSED'): Promise<string> {
  const id = randomUUID();
  await sql.query(
    `insert into users.accounts (id, user_id, currency, balance_minor, state, create_time, update_time, close_time)
     values ($1, $2, 'EUR', $3, $4, now(), now(), $5)`,
    [id, userId, state === 'OPEN' ? 100 : 0, state, state === 'OPEN' ? null : new Date()],
  );
  await sql.query(
    `insert into users.idempotency_keys (key, account_id, fingerprint, outcome, create_time)
     values ($1, $2, '', '[]', now())`,
    [`key of ${id}`, id],
  );
  await sql.query(`insert into users.outbox (kind, lane, payload) values ('TRANSACTION', $1, $2)`, [
    id,
    { id: randomUUID(), accountId: id, userId, amountMinor: '100' },
  ]);
  return id;
}
