import { hash } from '@node-rs/argon2';
import type pg from 'pg';

/** Which users there are at most, since their names are the numbers below this prime, in another order than the ids. */
const prime = 1_000_003;
const factor = 7_919;

export const password = 'seven purple walruses';
/** So many made users have it; none of them is locked or deleted. */
export const passwords = 40;
export const passwordCost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The id of the n-th made user, from 0 on. Ids and times of creation are in the same order. */
export function idOf(n: number): string {
  return `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

export function nameOf(n: number): string {
  return `user${String((n * factor) % prime).padStart(7, '0')}`;
}

export function createTimeOf(n: number): string {
  return new Date(Date.UTC(2025, 0, 1) + n * 1_000).toISOString().replace('Z', '000Z');
}

/** The number of the n-th made user who is neither locked nor deleted. */
export function activeOf(n: number): number {
  return n + Math.floor(n / 49);
}

/** A username that no made user has. */
export function newNameOf(n: number): string {
  return `new${n}`;
}

/** Of 10,000 made users 1 is locked and 200 are deleted. */
export async function insertUsers(admin: pg.Client, count: number): Promise<void> {
  await admin.query(insertSql, [count, factor, prime]);
  await admin.query('vacuum analyze users.users');
  await admin.query('checkpoint');
}

export async function insertPasswords(admin: pg.Client): Promise<void> {
  const kept = await hash(password, passwordCost);
  await admin.query(`insert into users.credentials select id, $1, create_time from users.users`, [kept]);
  await admin.query('vacuum analyze users.credentials');
}

const insertSql = `
  insert into users.users (
    id, username, username_key, email, email_key, display_name, bio, avatar_url, locale, time_zone,
    state, email_verified, revision, create_time, update_time, delete_time, lock_time
  )
  select
    ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    name, name, name || '@example.com', name || '@example.com', 'Somebody ' || n, 'Walks along the shore', '', 'en', 'UTC',
    state, n % 3 = 0, 1, created, created,
    case when state = 'DELETED' then created + interval '1 day' end,
    case when state = 'LOCKED' then created + interval '1 day' end
  from generate_series(0, $1::bigint - 1) as n
  cross join lateral (
    select
      'user' || lpad((n * $2 % $3)::text, 7, '0') as name,
      timestamptz '2025-01-01 00:00:00+00' + n * interval '1 second' as created,
      case when n % 10000 = 9999 then 'LOCKED' when n % 50 = 49 then 'DELETED' else 'ACTIVE' end as state
  ) as made`;
