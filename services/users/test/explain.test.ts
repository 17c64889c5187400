import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { TestDatabase } from '@tidemark/testing';
import { Client } from 'pg';
import { block } from '../src/db/block.ts';
import { changeUser } from '../src/db/change-user.ts';
import { checkUser } from '../src/db/check-user.ts';
import { countRelationships } from '../src/db/count-relationships.ts';
import { Database } from '../src/db/database.ts';
import { findCreatedUser } from '../src/db/find-created-user.ts';
import { findUser } from '../src/db/find-user.ts';
import { findUsers } from '../src/db/find-users.ts';
import { follow } from '../src/db/follow.ts';
import { getRelationship } from '../src/db/get-relationship.ts';
import { listAuditEntries } from '../src/db/list-audit-entries.ts';
import { listRelatedUsers } from '../src/db/list-related-users.ts';
import { listUsers } from '../src/db/list-users.ts';
import { pruneChanges } from '../src/db/prune-changes.ts';
import { purgeUsers } from '../src/db/purge-users.ts';
import { unblock } from '../src/db/unblock.ts';
import { unfollow } from '../src/db/unfollow.ts';
import { changesAfter, newestChange } from '../src/db/watch-users.ts';
import type { AuditList } from '../src/domain/audit-list.ts';
import type { User, UserState } from '../src/domain/user.ts';
import { statementsOf } from '../rig/statements-of.ts';
import { freshDatabase } from './running-users.ts';

// A table of this many rows is not read through for one of them or a page; smaller ones may be.
const rows = 20_000;
const now = Date.parse('2026-11-20T00:00:00Z') * 1_000;
let testDatabase: TestDatabase;
let database: Database;
let sql: Client;

beforeAll(async () => {
  testDatabase = await freshDatabase();
  sql = new Client(testDatabase.url);
  await sql.connect();
  await sql.query(`
    insert into users.users
    select ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'user' || n, 'user' || n, n || '@example.com',
      n || '@example.com', '', '', '', '', '', case when n % 100 = 0 then 'DELETED' else 'ACTIVE' end, false, 1,
      gen_random_uuid(), '', '2026-01-01'::timestamptz + n * interval '1 second', '2026-01-01',
      case when n % 100 = 0 then '2026-11-19'::timestamptz + n * interval '1 second' end
    from generate_series(1, ${rows}) n`);
  await sql.query(`
    insert into users.follows
    select u.id, o.id, '2026-01-01'::timestamptz + n * interval '1 second'
    from generate_series(1, ${rows}) n
    join users.users u on u.username = 'user' || n
    join users.users o on o.username = 'user' || (n % 50 + 1) and o.id <> u.id`);
  await sql.query(`
    insert into users.blocks
    select o.id, u.id, '2026-01-01'::timestamptz + n * interval '1 second'
    from generate_series(1, ${rows}) n
    join users.users u on u.username = 'user' || n
    join users.users o on o.username = 'user' || ((n + 7) % 500 + 1) and o.id <> u.id`);
  await sql.query(`
    insert into users.audit_entries (time, actor, action, user_id, details)
    select '2026-01-01'::timestamptz + n * interval '1 minute', 'actor' || n % 200, 'ACTION_' || n % 50,
      ('00000000-0000-4000-8000-' || lpad(to_hex(n % 1000 + 1), 12, '0'))::uuid,
      case when n % 10 = 0 then jsonb_build_object('other_id', gen_random_uuid()) else '{}' end
    from generate_series(1, ${rows}) n`);
  await sql.query(`
    select setval('users.user_change_numbers', ${rows});
    insert into users.user_changes
    select n, '2026-11-19'::timestamptz + n * interval '1 second', gen_random_uuid(), 'UPDATED'
    from generate_series(1, ${rows}) n`);
  await sql.query(`
    insert into users.accounts (id, user_id, currency, state, create_time, update_time)
    select ('00000000-0000-4000-9000-' || lpad(to_hex(n), 12, '0'))::uuid,
      ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'EUR', 'OPEN', '2026-01-01', '2026-01-01'
    from generate_series(1, 1000) n`);
  await sql.query(`
    insert into users.idempotency_keys
    select n, ('00000000-0000-4000-9000-' || lpad(to_hex(n % 1000 + 1), 12, '0'))::uuid, '', '[]', '2026-01-01'
    from generate_series(1, ${rows}) n`);
  await sql.query('analyze');
  database = new Database({ url: testDatabase.url, poolSize: 1 });
});
afterAll(async () => {
  await database.close();
  await sql.end();
  await testDatabase.stop();
});

/** The nodes of the plans of all statements of a query that read a whole table, or a whole index. */
async function wholeReadsOf(ask: (em: EntityManager) => Promise<unknown>): Promise<string[]> {
  const statements = await statementsOf(database.session(), ask);
  expect(statements).not.toEqual([]);
  const found: string[] = [];
  for (const statement of statements) {
    const { rows: plans } = await sql.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (format json) ${statement}`);
    for (const plan of plans) found.push(...wholeReads(plan['QUERY PLAN'][0].Plan));
  }
  return found;
}

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows'?: number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

// It has one row.
const small = new Set(['pruned_changes']);

function wholeReads(plan: Plan): string[] {
  const { 'Node Type': type, 'Relation Name': table = '', Plans: inner = [] } = plan;
  const isWhole = type === 'Seq Scan' && !small.has(table);
  return [...(isWhole ? [`${type} on ${table}`] : []), ...inner.flatMap(wholeReads)];
}

const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const pair = { userId: id(1), otherId: id(2) };
const change = { pair: { userId: id(3), otherId: id(4) }, actor: 'actor', now };
const renamed = (user: User): User => ({ ...user, displayName: 'Renamed', revision: user.revision + 1 });
const renaming = { actor: 'actor', action: 'USER_UPDATED', kind: 'UPDATED' } as const;
const states: UserState[] = ['ACTIVE', 'LOCKED'];
const anything: AuditList = {
  userId: '',
  actor: '',
  action: undefined,
  start: undefined,
  endExclusive: undefined,
  descending: true,
};
const instant = '2026-01-05T00:00:00.000000Z';
const list = (by: 'username' | 'create_time', descending: boolean, usernameKeyPrefix = '', of = states) => ({
  states: of,
  usernameKeyPrefix,
  order: { by, descending },
});

test.each<[string, (em: EntityManager) => Promise<unknown>]>([
  ['a user by id', (em) => findUser(em, { id: id(1) })],
  ['a user by username', (em) => findUser(em, { usernameKey: 'user1' })],
  ['a user by email', (em) => findUser(em, { emailKey: '1@example.com' })],
  ['users by id', (em) => findUsers(em, [id(1), id(2), id(3)])],
  ['whether a user is there', (em) => checkUser(em, id(1))],
  ['a user by request', (em) => findCreatedUser(em, randomUUID())],
  ['users by time', (em) => listUsers(em, list('create_time', false), 50, [instant, id(9)])],
  ['users by time, backwards', (em) => listUsers(em, list('create_time', true), 50, undefined)],
  ['users by username', (em) => listUsers(em, list('username', false), 50, ['user5'])],
  ['users by prefix', (em) => listUsers(em, list('username', true, 'user77'), 50, undefined)],
  ['a change of a user', (em) => changeUser(em, { id: id(3), etag: '' }, renamed, renaming)],
  ['a follow', (em) => follow(em, change)],
  ['an unfollow', (em) => unfollow(em, change)],
  ['a block', (em) => block(em, change)],
  ['an unblock', (em) => unblock(em, change)],
  ['a relationship', (em) => getRelationship(em, pair)],
  ['counts of relationships', (em) => countRelationships(em, id(1))],
  ['followers', (em) => listRelatedUsers(em, { which: 'followers', userId: id(1) }, 50, [instant, id(9)])],
  ['following', (em) => listRelatedUsers(em, { which: 'following', userId: id(60) }, 50, undefined)],
  ['blocked', (em) => listRelatedUsers(em, { which: 'blocked', userId: id(3) }, 50, undefined)],
  ['audit, all', (em) => listAuditEntries(em, anything, 50, [instant, '77'])],
  ['audit, oldest first', (em) => listAuditEntries(em, { ...anything, descending: false }, 50, undefined)],
  ['audit of a user', (em) => listAuditEntries(em, { ...anything, userId: id(5) }, 50, undefined)],
  ['audit of an actor', (em) => listAuditEntries(em, { ...anything, actor: 'actor7' }, 50, undefined)],
  ['audit of an action', (em) => listAuditEntries(em, { ...anything, action: 'USER_CREATED' }, 50, undefined)],
  ['audit of a range', (em) => listAuditEntries(em, { ...anything, start: now, endExclusive: now + 1 }, 50, undefined)],
  ['changes', (em) => changesAfter(em, 19_000)],
  ['the newest change', (em) => newestChange(em)],
  ['users to purge', (em) => purgeUsers(em, { after: '30 days', now, actor: 'tidemark' }, AbortSignal.any([]))],
])('%s: an index is used', async (_, ask) => {
  expect(await wholeReadsOf(ask)).toEqual([]);
});

test.each(
  (['create_time', 'username'] as const).flatMap((by) =>
    [false, true].flatMap((descending) =>
      ([['LOCKED'], ['DELETED'], ['DELETED', 'LOCKED'], ['ACTIVE', 'LOCKED']] as const).map((of) => ({
        by,
        descending,
        of: [...of],
      })),
    ),
  ),
)('a page of $of by $by, descending: $descending, reads nobody of another state', async ({ by, descending, of }) => {
  const ask = (em: EntityManager): Promise<unknown> => listUsers(em, list(by, descending, '', of), 50, undefined);
  const [statement] = await statementsOf(database.session(), ask);
  const { rows: plans } = await sql.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `explain (analyze, format json) ${statement ?? ''}`,
  );
  expect(plans.map((plan) => rowsRead(plan['QUERY PLAN'][0].Plan)).every((read) => read <= of.length * 51)).toBe(true);
});

/** How many rows the scans of a plan had in their hands, those included that they put back. */
function rowsRead(plan: Plan): number {
  const { 'Actual Rows': kept = 0, 'Rows Removed by Filter': removed = 0, Plans: inner = [] } = plan;
  const own = plan['Node Type'].includes('Scan') && inner.length === 0 ? kept + removed : 0;
  return inner.reduce((sum, part) => sum + rowsRead(part), own);
}

test('changes to prune are found by an index', async () => {
  // Few are old, as after every run but the first.
  expect(await wholeReadsOf((em) => pruneChanges(em, '1 day', now))).toEqual([]);
});

test.each([
  ['the entries of a user', `select from users.audit_entries where user_id = '${id(5)}'`],
  ['the entries that name a user', `select from users.audit_entries where details ->> 'other_id' = '${id(5)}'`],
  ['the entries by a caller', `select from users.audit_entries where actor in ('a', 'user:a', 'users/a')`],
  ['the changes of a user', `select from users.user_changes where user_id = '${id(5)}'`],
  ['the accounts of a user', `select from users.accounts where user_id = '${id(5)}'`],
  [
    'the keys of movements of an account',
    `select from users.idempotency_keys where account_id = '00000000-0000-4000-9000-000000000005'`,
  ],
  ['who follows', `select from users.follows where followee_id = '${id(5)}'`],
  ['who blocks', `select from users.blocks where blocked_id = '${id(500)}'`],
])('what an erasure looks for has an index: %s', async (_, statement) => {
  const { rows: plans } = await sql.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (format json) ${statement}`);
  expect(plans.flatMap((plan) => wholeReads(plan['QUERY PLAN'][0].Plan))).toEqual([]);
});
