import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { UpdateUserRequest, UserChangeKind, type UserChange, type WatchUsersResponse } from '@tidemark/contracts/users';
import { testServerUrl, type TestDatabase } from '@tidemark/testing';
import { Client } from 'pg';
import { Database } from '../src/db/database.ts';
import { pruneChanges } from '../src/db/prune-changes.ts';
import { errorOf, fieldsOf, freshDatabase, runUsers, type RunningUsers } from './running-users.ts';

if (!testServerUrl) console.info('TEST_DATABASE_URL is not set: the embedded database has one backend.');
const onRealServer = testServerUrl ? test : test.skip;

let database: TestDatabase;
let instances: [RunningUsers, RunningUsers];
let now = 1_800_000_000_000_000;
beforeAll(async () => {
  database = await freshDatabase();
  const clock = () => now;
  // Their housekeeping, which runs soon after the start, leaves the changes alone that the tests prune.
  const config = { changesRetention: undefined };
  instances = [await runUsers({ clock }, config, database), await runUsers({ clock }, config, database)];
});
afterAll(async () => {
  for (const instance of instances) await instance.stop();
  await database.stop();
});

/** A stream that is under way: it has had its first message. */
async function watching(cursor = '', { users }: RunningUsers = instances[0]): Promise<Watch> {
  const watch = new Watch(users, cursor);
  await watch.next();
  return watch;
}

class Watch {
  cursor = '';
  readonly #stream: AsyncIterator<WatchUsersResponse>;

  constructor(users: RunningUsers['users'], cursor: string) {
    this.#stream = users.watchUsers({ cursor })[Symbol.asyncIterator]();
  }

  async next(): Promise<UserChange | undefined> {
    const { value } = (await this.#stream.next()) as IteratorYieldResult<WatchUsersResponse>;
    this.cursor = value.cursor;
    return value.change;
  }

  async changes(count: number): Promise<UserChange[]> {
    const changes: UserChange[] = [];
    while (changes.length < count) changes.push(...[await this.next()].filter((change) => change !== undefined));
    return changes;
  }

  async stop(): Promise<void> {
    await this.#stream.return?.();
  }
}

test('each change comes in order, with the user, through whichever instance it is made', async () => {
  const watch = await watching('', instances[1]);
  const user = await instances[0].make({ username: 'observed' });
  const request = UpdateUserRequest.fromPartial({ user: { id: user.id, displayName: 'Seen' } });
  expect(await watch.next()).toEqual({
    userId: user.id,
    kind: UserChangeKind.CREATED,
    time: { seconds: 1_800_000_000n, nanos: 0 },
    user,
  });
  const { user: updated } = await instances[1].users.updateUser(request);
  expect(await watch.next()).toMatchObject({ kind: UserChangeKind.UPDATED, user: updated });
  await instances[0].users.lockUser({ id: user.id, etag: '' });
  await instances[0].users.unlockUser({ id: user.id, etag: '' });
  await instances[0].users.deleteUser({ id: user.id, etag: '' });
  await instances[0].users.undeleteUser({ id: user.id, etag: '' });
  expect((await watch.changes(4)).map(({ kind }) => kind)).toEqual([
    UserChangeKind.LOCKED,
    UserChangeKind.UNLOCKED,
    UserChangeKind.DELETED,
    UserChangeKind.UNDELETED,
  ]);
  await watch.stop();
});

test('a change is heard of within a second', async () => {
  const watch = await watching('', instances[1]);
  const took: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    await sleep(100);
    const { id } = await instances[0].make();
    const began = performance.now();
    expect((await watch.next())?.userId).toBe(id);
    took.push(performance.now() - began);
  }
  // Unheard of, each comes when the stream looks again, seconds later; on a busy machine, one or another is late.
  expect(took.sort((a, b) => a - b)[2]).toBeLessThan(1_000);
  await watch.stop();
});

test('from any cursor on there is no gap and no repeat, in any instance', async () => {
  const watch = await watching();
  const begin = watch.cursor;
  const made = [];
  for (let i = 0; i < 250; i += 1) made.push((await instances[i % 2 ? 1 : 0].make()).id);
  const seen: string[] = [];
  const cursors = [begin];
  for (let i = 0; i < made.length; i += 1) {
    const [change] = await watch.changes(1);
    seen.push(change?.userId ?? '');
    cursors.push(watch.cursor);
  }
  await watch.stop();
  expect(seen).toEqual(made);

  for (const from of [0, 1, 99, 100, 101, 249]) {
    const resumed = await watching(cursors[from], instances[from % 2 ? 1 : 0]);
    expect((await resumed.changes(made.length - from)).map(({ userId }) => userId)).toEqual(made.slice(from));
    await resumed.stop();
  }
});

onRealServer('whoever comes later waits for a change that is not committed yet, and none is passed over', async () => {
  const watch = await watching();
  const slow = new Client(database.url);
  await slow.connect();
  const { id } = await instances[0].make();
  await watch.changes(1);

  const change = `select users.record_change('${id}', 'UPDATED', now())`;
  // It would be ended if it took some seconds, which is for the next test to see.
  await slow.query(`begin; ${change}; set local idle_in_transaction_session_timeout = 0`);
  const next = watch.next();
  const other = instances[1].make();
  expect(await Promise.race([next, sleep(1_000, 'nothing')])).toBe('nothing');
  await slow.query('commit');
  expect((await next)?.userId).toBe(id);
  expect((await watch.next())?.userId).toBe((await other).id);

  // One that is rolled back leaves a hole among the numbers that nobody waits for.
  await slow.query(`begin; ${change}; rollback`);
  const { id: after } = await instances[0].make();
  expect((await watch.next())?.userId).toBe(after);
  await slow.end();
  await watch.stop();
});

onRealServer(
  'an instance that is frozen before it commits holds the others up for some seconds, and not for ever',
  async () => {
    const watch = await watching();
    const frozen = new Client(database.url);
    frozen.on('error', () => undefined);
    await frozen.connect();
    await frozen.query(`begin; select users.record_change(gen_random_uuid(), 'UPDATED', now())`);
    const { id } = await instances[0].make();
    expect((await watch.next())?.userId).toBe(id);
    await frozen.end().catch(() => undefined);
    await watch.stop();
  },
);

test('many writers at once: everybody who watches sees the same order, each change once', async () => {
  const watches = await Promise.all([watching('', instances[0]), watching('', instances[1])]);
  const made = await Promise.all(Array.from({ length: 200 }, (_, i) => instances[i % 2 ? 1 : 0].make()));
  const orders = await Promise.all(
    watches.map(async (watch) => (await watch.changes(made.length)).map(({ userId }) => userId)),
  );
  expect(orders[0]).toEqual(orders[1]);
  expect([...(orders[0] ?? [])].sort()).toEqual(made.map(({ id }) => id).sort());
  await Promise.all(watches.map((watch) => watch.stop()));
});

test('a cursor that is older than the changes that are kept is said to be so, also in the middle of a stream', async () => {
  const pool = new Database({ url: database.url, poolSize: 1 });
  const watch = await watching();
  const { cursor } = watch;
  await watch.stop();
  now += 86_400_000_000;
  await instances[0].make();
  now += 6 * 86_400_000_000;
  await instances[0].make();
  const kept = await watching(cursor);
  await kept.changes(2);
  const { cursor: later } = kept;
  await kept.stop();

  now += 2 * 86_400_000_000;
  expect(await pruneChanges(pool.session(), '7 days', now)).toBeGreaterThan(1);
  const expired = await errorOf(new Watch(instances[1].users, cursor).next());
  expect([expired.code, expired.reason]).toEqual([status.OUT_OF_RANGE, 'CURSOR_EXPIRED']);

  const good = await watching(later);
  const { id } = await instances[0].make();
  expect((await good.changes(1))[0]?.userId).toBe(id);
  await good.stop();
  const { rows } = await instances[0].sql.query('select from users.user_changes');
  expect(rows).toHaveLength(2);

  // All of them are pruned: who is at the end misses nothing, who is not does.
  now += 9 * 86_400_000_000;
  expect(await pruneChanges(pool.session(), '7 days', now)).toBe(2);
  expect((await errorOf(new Watch(instances[1].users, later).next())).reason).toBe('CURSOR_EXPIRED');
  const fresh = await watching();
  const { id: another } = await instances[0].make();
  expect((await fresh.next())?.userId).toBe(another);
  await fresh.stop();
  await pool.close();
});

test('thousands of changes are pruned, and the one that is young enough stays', async () => {
  const pool = new Database({ url: database.url, poolSize: 1 });
  now += 9 * 86_400_000_000;
  await pruneChanges(pool.session(), '7 days', now);
  const watch = await watching();
  const { cursor } = watch;
  await watch.stop();
  await instances[0].sql.query(
    `insert into users.user_changes (number, time, user_id, kind)
     select nextval('users.user_change_numbers'), to_timestamp($1), gen_random_uuid(), 'UPDATED'
     from generate_series(1, 2500)`,
    [now / 1_000_000],
  );
  now += 8 * 86_400_000_000;
  await instances[0].make();
  expect(await pruneChanges(pool.session(), '7 days', now)).toBe(2_500);
  expect((await instances[0].sql.query('select from users.user_changes')).rowCount).toBe(1);
  expect((await errorOf(new Watch(instances[1].users, cursor).next())).reason).toBe('CURSOR_EXPIRED');
  await pool.close();
});

test('a cursor that is made up, or of a list, is refused', async () => {
  const watch = (cursor: string) => new Watch(instances[0].users, cursor).next();
  expect(await fieldsOf(watch('mine'))).toEqual(['cursor']);
  await instances[0].make();
  const { nextPageToken } = await instances[0].users.listUsers({
    states: [],
    usernamePrefix: '',
    orderBy: '',
    pageSize: 1,
    pageToken: '',
  });
  expect(await fieldsOf(watch(nextPageToken))).toEqual(['cursor']);
});

test('a cursor of changes that the database has not got to is refused: it was restored from a backup', async () => {
  const watch = await watching();
  await instances[0].make();
  await watch.changes(1);
  const { cursor } = watch;
  await watch.stop();
  await instances[0].sql.query(
    'delete from users.user_changes where number = (select max(number) from users.user_changes)',
  );
  expect((await errorOf(new Watch(instances[0].users, cursor).next())).reason).toBe('CURSOR_EXPIRED');
});
