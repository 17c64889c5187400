import type { Outcome } from '@tidemark/testing/bench';
import pg from 'pg';
import { uuidv7 } from '../../src/domain/uuid.ts';
import { activeOf, idOf, nameOf, newNameOf } from '../made-users.ts';
import { inTurn } from './in-turn.ts';
import type { Order, StatementWork } from './orders.ts';

// As many as the service has.
const connections = 10;

/** The statements of the service's calls by plain pg, without anything around them. */
export async function sendAll(order: Order & { kind: 'statements' }): Promise<Outcome> {
  const pool = new pg.Pool({ connectionString: order.databaseUrl, max: connections });
  const statements: Record<StatementWork, (n: number) => Promise<unknown>> = {
    create: (n) => {
      const name = newNameOf(n);
      return pool.query(creating, [
        uuidv7(Date.now()),
        name,
        `${name}@example.com`,
        'New',
        new Date(),
        '{"password":"none"}',
      ]);
    },
    lookup: (n) => pool.query(`${selecting} where u.username_key = $1 limit 1`, [nameOf(activeOf(n))]),
    update: async (n) => {
      const { rows } = await pool.query<{ revision: number }>(`${selecting} where u.id = $1 limit 1`, [
        idOf(activeOf(n)),
      ]);
      const values = [
        idOf(activeOf(n)),
        rows[0]?.revision,
        `Now ${performance.now()}`,
        new Date(),
        '{"fields":["display_name"]}',
      ];
      return pool.query(updating, values);
    },
  };
  if (order.what === 'verify') throw new Error('There are no statements to compare with that check a password.');
  try {
    // Connecting is not what is measured: each of these holds its connection until all are there.
    await Promise.all(Array.from({ length: connections }, () => pool.query('select pg_sleep(0.1)')));
    return await inTurn(order, statements[order.what]);
  } finally {
    await pool.end();
  }
}

const creating = `
  with created as (
    insert into users.users (
      id, username, username_key, email, email_key, display_name, bio, avatar_url, locale, time_zone,
      state, email_verified, revision, create_time, update_time
    )
    values ($1, $2, $2, $3, $3, $4, '', '', '', '', 'ACTIVE', false, 1, $5, $5)
    returning id, create_time
  ), audited as (
    insert into users.audit_entries (time, actor, action, user_id, details)
    select create_time, 'bench', 'USER_CREATED', id, $6::jsonb from created
  )
  select users.record_change(id, 'CREATED', create_time) from created`;

const selecting = `
  select u.id, u.username, u.username_key, u.email, u.email_key, u.display_name, u.bio, u.avatar_url, u.locale,
    u.time_zone, u.state, u.email_verified, u.revision, u.create_request_id, u.create_fingerprint,
    u.create_time::text, u.update_time::text, u.delete_time::text, u.lock_time::text
  from users.users u`;

const updating = `
  with changed as (
    update users.users set display_name = $3, revision = revision + 1, update_time = $4
    where id = $1 and revision = $2
    returning id, update_time
  ), audited as (
    insert into users.audit_entries (time, actor, action, user_id, details)
    select update_time, 'bench', 'USER_UPDATED', id, $5::jsonb from changed
  ), ended as (
    delete from users.tokens t using changed where t.user_id = changed.id and false
  )
  select users.record_change(id, 'UPDATED', update_time) from changed`;
