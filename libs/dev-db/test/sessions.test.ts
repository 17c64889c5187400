import type pg from 'pg';
import { start, type DevDatabase } from '../src/index.ts';
import { closeClients, codeOf, connect, until, value } from './clients.ts';
import { bind, execute, frame, parse, RawClient, READY, sync } from './raw-client.ts';

let db: DevDatabase;
let a: pg.Client;
let b: pg.Client;

beforeAll(async () => {
  db = await start({ jobIntervalMs: false });
  const admin = await connect(db);
  await admin.query(`
    CREATE ROLE reader LOGIN; CREATE ROLE team NOLOGIN; CREATE ROLE member LOGIN IN ROLE team;
    CREATE TABLE secret (a int); CREATE TABLE shared (a int); GRANT SELECT ON shared TO reader;
    CREATE TABLE teams (a int); GRANT SELECT ON teams TO team;
    CREATE FUNCTION remember(text) RETURNS void LANGUAGE plpgsql
      AS $$ BEGIN PERFORM set_config('app.tenant', $1, false); END $$`);
});
beforeEach(async () => {
  [a, b] = [await connect(db), await connect(db)];
});
afterEach(closeClients);
afterAll(() => db.stop());

const show = (client: pg.Client, name: string): Promise<unknown> =>
  value(client, `SELECT current_setting('${name}', true)`);

describe('settings', () => {
  test.each([
    ['enable_seqscan', 'on'],
    ['client_min_messages', 'notice'],
    ['TimeZone', 'UTC'],
    ['search_path', '"$user", public'],
    ['allow_system_table_mods', 'off'],
    ['standard_conforming_strings', 'on'],
    ['client_encoding', 'UTF8'],
    ['DateStyle', 'ISO, MDY'],
    ['transaction_isolation', 'read committed'],
  ])('%s is as a server has it, also after RESET ALL', async (name, expected) => {
    expect(await show(a, name)).toBe(expected);
    await a.query('RESET ALL');
    expect(await show(a, name)).toBe(expected);
  });

  test("one connection's SET is not another's", async () => {
    await a.query(`SET work_mem = '10MB'; SET TimeZone = 'Europe/Berlin'; SET search_path = pg_catalog`);
    await b.query(`SET work_mem = '20MB'`);
    expect([await show(a, 'work_mem'), await show(a, 'TimeZone')]).toEqual(['10MB', 'Europe/Berlin']);
    expect([await show(b, 'work_mem'), await show(b, 'TimeZone')]).toEqual(['20MB', 'UTC']);
    await a.query('RESET work_mem');
    expect([await show(a, 'work_mem'), await show(b, 'work_mem')]).toEqual(['4MB', '20MB']);
  });

  test('a SET that was rolled back is gone, one that was committed stays, SET LOCAL ends', async () => {
    await a.query(`SET work_mem = '5MB'`);
    await a.query(`BEGIN; SET work_mem = '6MB'; ROLLBACK`);
    await b.query('SELECT 1');
    expect(await show(a, 'work_mem')).toBe('5MB');
    await a.query(`BEGIN; SET work_mem = '7MB'; SAVEPOINT s; SET work_mem = '8MB'; ROLLBACK TO s; COMMIT`);
    await a.query(`BEGIN; SET LOCAL statement_timeout = '3s'; COMMIT`);
    await b.query('SELECT 1');
    expect([await show(a, 'work_mem'), await show(a, 'statement_timeout')]).toEqual(['7MB', '0']);
  });

  test('set_config() inside a function is kept for its connection', async () => {
    await a.query(`SELECT remember('one')`);
    await b.query(`SELECT remember('two')`);
    expect([await show(a, 'app.tenant'), await show(b, 'app.tenant')]).toEqual(['one', 'two']);
    const c = await connect(db);
    expect((await show(c, 'app.tenant')) || '').toBe('');
  });

  test('the startup packet sets what RESET returns to', async () => {
    const c = await connect(db, {
      application_name: 'importer',
      options: '-c search_path=pg_catalog -c TimeZone=Asia/Tokyo --work-mem=9MB',
    });
    const settings = (): Promise<unknown[]> =>
      Promise.all(['application_name', 'search_path', 'TimeZone', 'work_mem'].map((name) => show(c, name)));
    expect(await settings()).toEqual(['importer', 'pg_catalog', 'Asia/Tokyo', '9MB']);
    await c.query(`SET work_mem = '1MB'; SET TimeZone = 'UTC'`);
    expect(await show(a, 'TimeZone')).toBe('UTC');
    expect(await settings()).toEqual(['importer', 'pg_catalog', 'UTC', '1MB']);
    await c.query('RESET ALL');
    expect(await settings()).toEqual(['importer', 'pg_catalog', 'Asia/Tokyo', '9MB']);
    expect(await show(a, 'application_name')).toBe('');
  });

  test('a startup setting that PostgreSQL refuses refuses the login', async () => {
    expect(await codeOf(connect(db, { options: '-c work_mem=lots' }))).toBe('22023');
    expect(await codeOf(connect(db, { options: '-c no_such_setting=1' }))).toBe('22023');
    expect(await show(a, 'work_mem')).toBe('4MB');
  });
});

describe('roles', () => {
  test('the user of the connection is the role, and its rights are enforced', async () => {
    const reader = await connect(db, { user: 'reader' });
    expect(await value(reader, 'SELECT session_user')).toBe('reader');
    expect(await codeOf(reader.query('SELECT * FROM shared'))).toBeUndefined();
    expect(await codeOf(reader.query('SELECT * FROM secret'))).toBe('42501');
    expect(await codeOf(a.query('SELECT * FROM secret'))).toBeUndefined();
    expect(await codeOf(reader.query('SELECT * FROM secret'))).toBe('42501');
  });

  test.each([
    'RESET SESSION AUTHORIZATION',
    'SET SESSION AUTHORIZATION DEFAULT',
    'RESET ROLE',
    'DISCARD ALL',
    'RESET ALL',
  ])('%s leaves a role what it is', async (sql) => {
    const reader = await connect(db, { user: 'reader' });
    await reader.query(sql);
    expect(await value(reader, `SELECT session_user || current_user || current_setting('is_superuser')`)).toBe(
      'readerreaderoff',
    );
  });

  test.each([
    'SET SESSION AUTHORIZATION postgres',
    'SET ROLE postgres',
    `SELECT set_config('session_authorization', 'postgres', false)`,
  ])('%s is refused', async (sql) => {
    const reader = await connect(db, { user: 'reader' });
    expect(await codeOf(reader.query(sql))).toBe('42501');
  });

  test('SET ROLE and SET SESSION AUTHORIZATION hold for their own connection', async () => {
    const member = await connect(db, { user: 'member' });
    await member.query('SET ROLE team');
    await a.query('SET SESSION AUTHORIZATION reader');
    expect(await value(b, 'SELECT current_user')).toBe('postgres');
    expect(await value(member, 'SELECT current_user')).toBe('team');
    expect(await value(a, 'SELECT current_user')).toBe('reader');
    await member.query('RESET ROLE');
    await a.query('RESET SESSION AUTHORIZATION');
    expect(await value(member, 'SELECT current_user')).toBe('member');
    expect(await value(a, 'SELECT current_user')).toBe('postgres');
  });

  test('-c role=... is the role that RESET ROLE returns to', async () => {
    const member = await connect(db, { user: 'member', options: '-c role=team' });
    expect(await value(member, 'SELECT current_user')).toBe('team');
    await member.query('SET ROLE member');
    await b.query('SELECT 1');
    expect(await value(member, 'SELECT current_user')).toBe('member');
    await member.query('RESET ROLE');
    expect(await value(member, 'SELECT current_user')).toBe('team');
    expect(await codeOf(connect(db, { user: 'reader', options: '-c role=team' }))).toBe('42501');
  });

  test('unknown roles and databases are refused as PostgreSQL refuses them', async () => {
    await expect(connect(db, { user: 'nobody' })).rejects.toMatchObject({
      severity: 'FATAL',
      code: '28000',
      message: 'role "nobody" does not exist',
    });
    expect(await codeOf(connect(db, { user: 'team' }))).toBe('28000');
    await expect(connect(db, { database: 'other' })).rejects.toMatchObject({
      severity: 'FATAL',
      code: '3D000',
      message: 'database "other" does not exist',
    });
  });
});

describe('prepared statements', () => {
  test('the same name on two connections is two statements', async () => {
    const run = (client: pg.Client, text: string): Promise<unknown> =>
      client.query<[unknown]>({ name: 'q', text, rowMode: 'array' }).then(({ rows }) => rows[0]?.[0]);
    expect(await run(a, 'SELECT 1')).toBe(1);
    expect(await run(b, 'SELECT 2')).toBe(2);
    expect(await run(a, 'SELECT 1')).toBe(1);
    expect(await run(b, 'SELECT 2')).toBe(2);
  });

  test("DEALLOCATE ALL and DISCARD ALL leave others' statements", async () => {
    const named = { name: 'kept', text: 'SELECT 7 AS n' };
    await a.query(named);
    await b.query('DEALLOCATE ALL');
    expect((await a.query(named)).rows).toEqual([{ n: 7 }]);
    await b.query('DISCARD ALL');
    expect((await a.query(named)).rows).toEqual([{ n: 7 }]);
  });

  test('DEALLOCATE ALL inside a transaction leaves them too', async () => {
    const named = { name: 'kept', text: 'SELECT 7 AS n' };
    await a.query(named);
    await b.query('BEGIN');
    await b.query('DEALLOCATE ALL');
    await b.query('ROLLBACK');
    expect((await a.query(named)).rows).toEqual([{ n: 7 }]);
  });

  test('a Parse that failed costs no other statement its life', async () => {
    const client = await RawClient.login(db);
    client.send(parse('first', 'SELECT no_such_column'), sync);
    client.send(parse('first', `SELECT 'one'`), parse('second', `SELECT 'two'`), sync);
    await client.hears(READY + '1\0\0\0\x041\0\0\0\x04' + READY);
    await b.query('DEALLOCATE ALL');
    client.forget();
    client.send(bind('first'), execute, bind('second'), execute, sync);
    await client.hears(READY);
    expect(client.heard).toMatch(/one[^]*two/);
    client.vanish();
  });

  test('a statement that was closed is not prepared again', async () => {
    const client = await RawClient.login(db);
    client.send(parse('gone', 'SELECT 1'), frame('C', 'Sgone\0'), sync);
    await client.hears(READY);
    await b.query('DEALLOCATE ALL');
    client.forget();
    client.send(bind('gone'), execute, sync);
    await client.hears(READY);
    expect(client.heard).toContain('C26000');
    client.vanish();
  });

  test('names of 63 characters that differ in the last one are two statements', async () => {
    const long = 'n'.repeat(62);
    for (const digit of [1, 2]) await a.query({ name: `${long}${digit}`, text: `SELECT ${digit} AS n` });
    for (const digit of [1, 2]) {
      expect((await a.query({ name: `${long}${digit}`, text: `SELECT ${digit} AS n` })).rows).toEqual([{ n: digit }]);
    }
  });

  test("a connection's statements go with it", async () => {
    const c = await connect(db);
    await c.query({ name: 'left', text: 'SELECT 1' });
    expect(await value(a, 'SELECT count(*)::int FROM pg_prepared_statements')).toBe(1);
    await c.end();
    await until(async () => (await value(a, 'SELECT count(*)::int FROM pg_prepared_statements')) === 0);
  });
});

describe('LISTEN and NOTIFY', () => {
  const hear = (client: pg.Client): string[] => {
    const heard: string[] = [];
    client.on('notification', ({ channel, payload }) => heard.push(`${channel}:${payload}`));
    return heard;
  };

  test('a notification reaches whoever listens, and nobody else', async () => {
    const c = await connect(db);
    const [heardA, heardB, heardC] = [hear(a), hear(b), hear(c)];
    await a.query('LISTEN news');
    await b.query('LISTEN "Other News"');
    await c.query(`BEGIN; NOTIFY news, 'one'; SELECT pg_notify('Other News', 'two'); COMMIT`);
    await until(() => heardA.length + heardB.length >= 2);
    expect([heardA, heardB, heardC]).toEqual([['news:one'], ['Other News:two'], []]);
  });

  test('a LISTEN whose unit fails is none', async () => {
    const heard = hear(a);
    expect(await codeOf(a.query('LISTEN news; SELECT 1/0'))).toBe('22012');
    await a.query('LISTEN later');
    await b.query(`NOTIFY news, 'no'; NOTIFY later, 'yes'`);
    await until(() => heard.length > 0);
    expect(heard).toEqual(['later:yes']);
  });

  test('UNLISTEN, a disconnect and a rolled-back LISTEN end it for their own connection', async () => {
    const c = await connect(db);
    const [heardA, heardB] = [hear(a), hear(b)];
    await a.query('LISTEN news');
    await c.query('LISTEN news');
    await b.query('BEGIN; LISTEN news; ROLLBACK');
    await c.end();
    await b.query('LISTEN news');
    await b.query('UNLISTEN news');
    await b.query(`NOTIFY news, 'x'`);
    await until(() => heardA.length > 0);
    expect([heardA, heardB]).toEqual([['news:x'], []]);
  });
});

describe('temporary tables', () => {
  test('two connections have each their own of the same name', async () => {
    for (const [client, rows] of [
      [a, 1],
      [b, 2],
    ] as const) {
      await client.query('CREATE TEMP TABLE staging (id serial PRIMARY KEY, a int)');
      await client.query('INSERT INTO staging (a) SELECT generate_series(1, $1::int)', [rows]);
    }
    const count = 'SELECT count(*)::int FROM staging';
    expect([await value(a, count), await value(b, count), await value(a, count)]).toEqual([1, 2, 1]);
    await a.query('INSERT INTO staging (a) VALUES (5)');
    expect([await value(a, count), await value(b, count)]).toEqual([2, 2]);
  });

  test('also when a long script makes them at its end', async () => {
    for (const [client, n] of [
      [a, 1],
      [b, 2],
    ] as const) {
      await client.query(`SELECT '${'x'.repeat(50_000)}'; CREATE TEMP TABLE staging AS SELECT ${n} AS n`);
    }
    expect([await value(a, 'SELECT n FROM staging'), await value(b, 'SELECT n FROM staging')]).toEqual([1, 2]);
  });

  test('they go with their connection', async () => {
    const c = await connect(db);
    await c.query('CREATE TEMP TABLE leftover (a int); CREATE TEMP VIEW over_it AS SELECT * FROM leftover');
    await c.end();
    const tables = `SELECT count(*)::int FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind IN ('r', 'v')`;
    await until(async () => (await value(a, tables)) === 0);
  });
});

test('advisory locks and cursors WITH HOLD go with their connection', async () => {
  const c = await connect(db);
  await c.query('SELECT pg_advisory_lock(7)');
  await c.query('BEGIN; DECLARE kept CURSOR WITH HOLD FOR SELECT 1; COMMIT');
  await c.end();
  const left = `SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') + (SELECT count(*) FROM pg_cursors)`;
  await until(async () => Number(await value(a, left)) === 0);
});

test('citext and pg_trgm can be created', async () => {
  await a.query('CREATE EXTENSION citext; CREATE EXTENSION pg_trgm');
  expect(await value(a, `SELECT 'A'::citext = 'a' AND similarity('word', 'words') > 0.5`)).toBe(true);
});
