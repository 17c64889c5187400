import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { start, type DevDatabase } from '@tidemark/dev-db';
import { Client } from 'pg';
import { digestOf, MayNotCreateDatabases, testDatabase, type TestDatabase } from '../src/testing/index.ts';
import { shortDigest } from '../src/testing/digest-of.ts';
import { serverUrl, testIf } from './server.ts';
import type { Order } from './testing-kit-process.ts';
import { until } from './until.ts';

const child = join(import.meta.dirname, 'testing-kit-process.ts');
let folder: string;
let log: string;
const started: ChildProcess[] = [];
const taken: TestDatabase[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'testing-kit-'));
  log = join(folder, 'migrations.log');
  await writeFile(log, '');
});

afterEach(async () => {
  for (const each of started.splice(0)) each.kill('SIGKILL');
  await dropTaken();
  await rm(folder, { recursive: true });
});

/** All at once: each drop waits for a checkpoint, which is then one for all of them. */
async function dropTaken(): Promise<void> {
  await Promise.all(taken.splice(0).map((each) => each.drop()));
}

async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

async function rowsIn(database: TestDatabase): Promise<number> {
  const [row] = await query<{ count: string }>(database.url, 'SELECT count(*) FROM reading');
  return Number(row?.count);
}

/** With one reading. */
async function migrate(url: string): Promise<void> {
  await query(url, 'CREATE TABLE reading (time timestamptz NOT NULL)');
  await query(url, 'INSERT INTO reading VALUES (now())');
}

async function migrateWithTimescale(url: string): Promise<void> {
  await query(url, 'CREATE EXTENSION IF NOT EXISTS timescaledb');
  await migrate(url);
  await query(url, `SELECT create_hypertable('reading', 'time', migrate_data => true)`);
}

async function refuse(url: string): Promise<void> {
  await migrate(url);
  throw new Error('The migration is wrong.');
}

function take(database: TestDatabase): TestDatabase {
  taken.push(database);
  return database;
}

async function migrations(): Promise<number> {
  return (await readFile(log, 'utf8')).split('\n').length - 1;
}

/** Runs until the test ends it; resolves with the address of what it has made. */
async function inProcess(order: Omit<Order, 'log'>): Promise<{ url: string; kill: () => Promise<void> }> {
  const process = spawn(globalThis.process.execPath, [child, JSON.stringify({ ...order, log })], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...globalThis.process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  });
  started.push(process);
  const [line] = (await once(process.stdout, 'data')) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { url: string };
  const exited = once(process, 'exit');
  return {
    url,
    async kill() {
      process.kill('SIGKILL');
      await exited;
    },
  };
}

describe('the digest of a schema', () => {
  test('changes with the content and the name of a file, and with nothing else', async () => {
    const inside = join(folder, 'inside');
    const file = join(inside, 'one.sql');
    await writeFile(join(folder, 'other.sql'), 'CREATE TABLE other ()');
    await mkdir(inside);
    await writeFile(file, 'CREATE TABLE one ()');
    const before = digestOf(inside, join(folder, 'other.sql'));
    await utimes(file, 0, 0);
    expect(digestOf(inside, join(folder, 'other.sql'))).toBe(before);
    await writeFile(file, 'CREATE TABLE two ()');
    const changed = digestOf(inside, join(folder, 'other.sql'));
    expect(changed).not.toBe(before);
    await rm(file);
    await writeFile(join(inside, 'two.sql'), 'CREATE TABLE two ()');
    expect(digestOf(inside, join(folder, 'other.sql'))).not.toBe(changed);
  });

  test('of what is not there is refused', () => {
    expect(() => digestOf(join(folder, 'nowhere'))).toThrow('nowhere');
  });
});

describe('on an embedded server', () => {
  testIf(serverUrl === undefined)('each begins with what the migration made, and it runs once', async () => {
    const options = { server: embedded, key: 'one', cacheDir: join(folder, 'cache') };
    const first = await testDatabase({ ...options, migrate: migrateWithTimescale });
    taken.push(first);
    await query(first.url, 'INSERT INTO reading VALUES (now())');
    expect(await rowsIn(first)).toBe(2);
    await first.drop();
    await first.drop();
    await expect(query(first.url, 'SELECT')).rejects.toThrow('ECONNREFUSED');

    const second = await testDatabase({ ...options, migrate: () => Promise.reject(new Error('Not again.')) });
    taken.push(second);
    expect(await rowsIn(second)).toBe(1);
    expect(second.server.pid).not.toBe(first.server.pid);
  });

  function embedded(from: { template?: string }): Promise<DevDatabase> {
    return start({ ...from, jobIntervalMs: false });
  }
});

describe('the template files of an embedded server', () => {
  const cache = (): string => join(folder, 'cache');
  const files = (): Promise<string[]> => readdir(cache());
  /** Its data is a text, which is enough to see which file it began from. */
  const inMemory = async ({ template }: { template?: string }) => {
    const state = { text: template === undefined ? '' : await readFile(template, 'utf8'), stopped: false };
    running.push(state);
    return {
      url: String(running.length - 1),
      state,
      snapshot: (file: string) => writeFile(file, state.text),
      stop: () => Promise.resolve(void (state.stopped = true)),
    };
  };
  const running: { text: string; stopped: boolean }[] = [];
  const fill = async (url: string): Promise<void> => {
    await wait(10);
    Object.assign(running[Number(url)] ?? {}, { text: 'filled' });
  };
  const fresh = async (key: string, migrate = fill) =>
    testDatabase({ server: inMemory, key, migrate, cacheDir: cache() });
  beforeEach(() => void running.splice(0));

  test('are one for each key', async () => {
    const { server } = await fresh('one');
    expect(server.state.text).toBe('filled');
    await fresh('one');
    expect(running).toHaveLength(3);
    await fresh('two', () => Promise.resolve());
    expect(running.map(({ text }) => text)).toEqual(['filled', 'filled', 'filled', '', '']);
    const name = expect.stringMatching(/^[0-9a-f]{12}\.tar$/) as string;
    expect(await files()).toEqual([name, name]);
  });

  test('are not left half-made by a migration that fails, and the next one is tried', async () => {
    const failing = fresh('one', async (url) => {
      await fill(url);
      throw new Error('The migration is wrong.');
    });
    await expect(failing).rejects.toThrow('The migration is wrong.');
    expect(running).toEqual([{ text: 'filled', stopped: true }]);
    expect(await files()).toEqual([]);
    expect((await fresh('one')).server.state.text).toBe('filled');
  });

  test('may be made by several at once', async () => {
    const both = await Promise.all([fresh('one'), fresh('one')]);
    expect(both.map(({ server }) => server.state.text)).toEqual(['filled', 'filled']);
    expect(await files()).toHaveLength(1);
  });

  test('go when they were not used for a day and another is made, and so does what killed processes left', async () => {
    await fresh('used');
    await fresh('unused');
    await writeFile(join(cache(), 'abc.tar.part'), 'half of it');
    for (const name of await files()) await utimes(join(cache(), name), 0, 0);
    await fresh('used');
    await fresh('new');
    expect(await files()).toHaveLength(2);
    const made = running.length;
    await fresh('used');
    expect(running).toHaveLength(made + 1);
  });
});

(serverUrl === undefined ? describe.skip : describe)('on a server', () => {
  const server = serverUrl ?? '';
  const keys: string[] = [];
  /** No other run has the same. */
  const newKey = (): string => {
    const key = `${process.pid} ${Date.now()} ${keys.length}`;
    keys.push(key);
    return key;
  };
  const fresh = async (key: string, make = migrate, url = server) =>
    take(await testDatabase({ server: url, key, migrate: make }));
  const names = async (): Promise<string[]> => {
    const rows = await query<{ datname: string }>(
      server,
      `SELECT datname FROM pg_database WHERE datname ~ '^mot_test_'`,
    );
    return rows.map(({ datname }) => datname);
  };
  const nameOf = ({ url }: { url: string }): string => new URL(url).pathname.slice(1);
  /** Others may be at work on the same server, and drop what is abandoned. */
  const dropByHand = async (name: string): Promise<void> => {
    try {
      await query(server, `ALTER DATABASE "${name}" IS_TEMPLATE false`);
      await query(server, `DROP DATABASE "${name}" WITH (FORCE)`);
    } catch (error) {
      if ((await names()).includes(name)) throw error;
    }
  };
  /** The template of a key, and what belongs to it; others may be at work on the same server. */
  const namesOf = async (key: string): Promise<string[]> => {
    const template = `mot_test_${shortDigest(JSON.stringify([key, new URL(server).username]))}`;
    return (await names()).filter((name) => name.startsWith(template));
  };
  /** By the kit, at this call or at another process's which has just begun to. */
  const untilDropped = (name: string): Promise<unknown> =>
    until(`${name} is dropped`, names, (found) => !found.includes(name));
  /** PostgreSQL takes its time to notice that a client is gone, and keeps its locks until then. */
  const untilReleased = (name: string): Promise<unknown> => {
    const holders = `
      SELECT pid FROM pg_locks
      WHERE locktype = 'advisory' AND objid = ('x' || right('${name}', 8))::bit(32)::int::oid`;
    return until(
      `${name} is nobody's`,
      () => query(server, holders),
      (found) => found.length === 0,
    );
  };
  // Templates stay on purpose, and would pile up here.
  afterAll(async () => {
    const made = (await Promise.all(keys.map(namesOf))).flat();
    await Promise.all(made.map(dropByHand));
  });

  test('each begins with what the migration made, and it runs once', async () => {
    const key = newKey();
    const first = await fresh(key, migrateWithTimescale);
    await query(first.url, 'INSERT INTO reading VALUES (now())');
    expect(await rowsIn(first)).toBe(2);
    const second = await fresh(key, () => Promise.reject(new Error('Not again.')));
    expect(await rowsIn(second)).toBe(1);
  });

  test('dropping ends what is connected to it, and may be done twice', async () => {
    const database = await fresh(newKey());
    const idle = new Client(database.url);
    idle.on('error', () => undefined);
    const ended = new Promise<void>((resolve) => idle.once('end', resolve));
    await idle.connect();
    await database.drop();
    await database.drop();
    await ended;
    expect(await names()).not.toContain(nameOf(database));
  });

  test('no scheduler of TimescaleDB stays in a copy, as it does in other databases', async () => {
    const plain = `plain_${process.pid}_${Date.now()}`;
    const database = await fresh(newKey(), migrateWithTimescale);
    const schedulers = async (): Promise<string[]> => {
      const rows = await query<{ datname: string }>(
        server,
        `SELECT datname FROM pg_stat_activity
         WHERE backend_type LIKE 'TimescaleDB%Scheduler%' AND datname IN ('${nameOf(database)}', '${plain}')`,
      );
      return rows.map(({ datname }) => datname);
    };
    await query(server, `CREATE DATABASE "${plain}"`);
    try {
      // Each of these starts a scheduler, which leaves a template database as soon as it sees that it is in one.
      await query(database.url, 'DROP EXTENSION timescaledb CASCADE');
      await query(database.url, 'CREATE EXTENSION timescaledb');
      // The launcher starts them in this order.
      await query(server.replace(/[^/]*$/, plain), 'CREATE EXTENSION timescaledb');
      await until(`only ${plain} has a scheduler`, schedulers, (found) => found.join() === plain);
    } finally {
      await query(server, `DROP DATABASE "${plain}" WITH (FORCE)`);
    }
  });

  test('many processes at once make the template once, and each gets a database of its own', async () => {
    const order = { server, key: newKey() };
    const all = await Promise.all(Array.from({ length: 6 }, () => inProcess(order)));
    expect(await migrations()).toBe(1);
    expect(new Set(all.map(({ url }) => url)).size).toBe(6);
    for (const { url } of all) expect(await query(url, 'SELECT FROM reading')).toEqual([]);
  });

  test('many databases at once are copied and dropped beside each other', async () => {
    const key = newKey();
    const all = await Promise.all(Array.from({ length: 12 }, () => fresh(key)));
    await Promise.all(all.map(async (each) => query(each.url, 'DROP TABLE reading')));
    await Promise.all(all.map((each) => each.drop()));
    const left = await names();
    expect(all.filter((each) => left.includes(nameOf(each)))).toEqual([]);
  });

  test('a migration that fails leaves nothing, and the next one is tried', async () => {
    const key = newKey();
    await expect(fresh(key, refuse)).rejects.toThrow('The migration is wrong.');
    expect(await namesOf(key)).toEqual([]);
    expect(await rowsIn(await fresh(key))).toBe(1);
  });

  test('a migration that leaves its connections open does not keep the template from being copied', async () => {
    const clients: Client[] = [];
    const open = async (url: string): Promise<void> => {
      await migrate(url);
      const client = new Client(url);
      client.on('error', () => undefined);
      await client.connect();
      clients.push(client);
    };
    expect(await rowsIn(await fresh(newKey(), open))).toBe(1);
    expect(clients).toHaveLength(1);
  });

  test('what killed processes had is dropped, and what others still have is not', async () => {
    const order = { server, key: newKey() };
    const alive = await inProcess(order);
    const killed = await inProcess(order);
    const stalled = await inProcess({ server, key: newKey(), stall: true });
    const stalledKey = keys.at(-1) ?? '';
    expect(await names()).toEqual(expect.arrayContaining([alive, killed, stalled].map(nameOf)));
    await Promise.all(
      [killed, stalled].map(async (each) => {
        await each.kill();
        await untilReleased(nameOf(each));
      }),
    );
    expect(await rowsIn(await fresh(stalledKey))).toBe(1);
    await untilDropped(nameOf(killed));
    await untilDropped(nameOf(stalled));
    expect(await names()).toContain(nameOf(alive));
  });

  test('templates that are a day old go when another is made, and are made again when needed', async () => {
    const key = newKey();
    const database = await fresh(key);
    const template = nameOf(database).slice(0, -9);
    await query(server, `COMMENT ON DATABASE "${template}" IS '2020-01-01T00:00:00.000Z'`);
    await fresh(newKey());
    await untilDropped(template);
    expect(await rowsIn(await fresh(key))).toBe(1);
  });

  describe('for a user that is no superuser', () => {
    const user = `kit_${process.pid}_${Date.now()}`;
    const url = new URL(server || 'postgresql://nowhere/postgres');
    url.username = url.password = user;
    beforeEach(() => query(server, `CREATE ROLE "${user}" LOGIN PASSWORD '${user}'`));
    afterEach(async () => {
      await dropTaken();
      const owned = await query<{ datname: string }>(
        server,
        `SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = '${user}'`,
      );
      await Promise.all(owned.map(({ datname }) => dropByHand(datname)));
      await query(server, `DROP ROLE "${user}"`);
    });

    test('it works with the right to create databases', async () => {
      await query(server, `ALTER ROLE "${user}" CREATEDB`);
      const key = newKey();
      const [one, other] = [await fresh(key, migrate, url.href), await fresh(key, migrate, url.href)];
      expect(await rowsIn(one)).toBe(1);
      await one.drop();
      expect(await names()).toContain(nameOf(other));
      expect(await names()).not.toContain(nameOf(one));
    });

    test('without it the error names the right', async () => {
      const refused = fresh(newKey(), migrate, url.href);
      await expect(refused).rejects.toBeInstanceOf(MayNotCreateDatabases);
      await expect(refused).rejects.toThrow(
        `testDatabase(), server: the user "${user}" may not create databases on ${url.host}. ` +
          `Give it the right (ALTER ROLE "${user}" CREATEDB), or name a user that has it.`,
      );
    });
  });

  test('a process that forgets its database ends all the same, and the next one drops it', async () => {
    const forget = [child, JSON.stringify({ server, key: newKey(), log, forget: true } satisfies Order)];
    const { stdout } = await promisify(execFile)(process.execPath, forget, { timeout: 120_000 });
    const forgotten = nameOf(JSON.parse(stdout) as { url: string });
    await untilReleased(forgotten);
    await fresh(newKey());
    await untilDropped(forgotten);
  });

  test('a database without TimescaleDB has no policies to run', async () => {
    const database = await fresh(newKey());
    expect(await rowsIn(database)).toBe(1);
    expect(await database.runPolicies({ now: new Date('2100-01-01') })).toEqual([]);
    await expect(database.runJob(1000)).rejects.toThrow('there is no job 1000');
  });

  test('a server that is not there is said to be so', async () => {
    await expect(fresh(newKey(), migrate, 'postgresql://postgres@127.0.0.1:1/postgres')).rejects.toThrow(
      'ECONNREFUSED',
    );
  });
});
