import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { hypertable, timescale } from '../src/index.ts';
import { run } from '../src/cli/run.ts';
import { TestDatabase } from './database.ts';
import { onCommunity, onlyCommunity, server } from './server.ts';

const db = new TestDatabase();
beforeAll(() => db.start());
afterAll(() => db.stop());
afterEach(() => db.empty());

const isCommunity = server.edition === 'community';

const main = join(import.meta.dirname, '../src/cli/main.ts');

interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

/** As a user starts it. */
async function cli(folder: string, args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
  });
  const outcome: Outcome = { code: null, out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (outcome.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (outcome.err += data.toString()));
  outcome.code = await new Promise((resolve) => child.on('close', resolve));
  return outcome;
}

/** The same without a process, which takes a second. */
async function here(folder: string, args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  const outcome: Outcome = { code: null, out: '', err: '' };
  const stdout = { write: (text: string) => (outcome.out += text) };
  const stderr = { write: (text: string) => (outcome.err += text) };
  outcome.code = await run(args, { stdout, stderr, cwd: folder, env });
  return outcome;
}

/** Policies of the community edition are left out by the other. */
const definition = (chunkInterval = '1 day'): string => `
  const Reading = defineEntity({
    name: 'Reading', schema: 'metrics',
    properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary() },
  });
  hypertable(Reading, {
    by: 'time', chunkInterval: '${chunkInterval}', columnstore: { segmentBy: ['deviceId'] }, retention: { dropAfter: '1 year' },
  });`;

const imports = `
  import { defineEntity, MikroORM, p } from '@mikro-orm/postgresql';
  import { hypertable, Timescale } from '@tidemark/mikro-orm-timescale';`;

function options(more = ''): string {
  return `{ entities: [Reading], clientUrl: '${db.url}', extensions: [Timescale.with({ onMissing: 'skip' })], debug: true, ${more} }`;
}

/** A project with a configuration that is not compiled. */
async function project(files: Record<string, string>): Promise<string> {
  const folder = await db.folder();
  for (const [name, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

const config = (chunkInterval = '1 day'): string =>
  `${imports}${definition(chunkInterval)}\nconst options: object = ${options()};\nexport default options;`;

async function created(): Promise<void> {
  const Reading = defineEntity({
    name: 'Reading',
    schema: 'metrics',
    properties: { time: p.datetime(6).primary(), deviceId: p.integer().primary() },
  });
  hypertable(Reading, {
    by: 'time',
    chunkInterval: '1 day',
    columnstore: { segmentBy: ['deviceId'] },
    retention: { dropAfter: '1 year' },
  });
  const orm = db.orm([Reading as EntitySchema], { onMissing: 'skip' });
  await orm.schema.create();
  await orm.em.execute(`INSERT INTO metrics.reading VALUES ('2026-01-01 12:00Z', 1), ('2026-01-02 12:00Z', 1)`);
  if (isCommunity) await timescale(orm.em).compress(Reading, { olderThan: new Date('2026-01-02Z') });
  await orm.em.execute('ANALYZE');
}

test('diff and check where they agree, and where they do not', async () => {
  await created();
  const same = await project({ 'mikro-orm.config.ts': config() });
  expect(await cli(same, ['check'])).toEqual({ code: 0, out: 'The hypertables are as the model says.\n', err: '' });
  expect(await cli(same, ['diff'])).toMatchObject({ code: 0, out: '-- The hypertables are as the model says.\n' });
  const other = await project({ 'src/mikro-orm.config.ts': config('2 days') });
  const check = await cli(other, ['check']);
  expect(check).toMatchObject({ code: 1, err: '' });
  expect(check.out.split('\n')[0]).toMatch(/^safety +hypertable +sql$/);
  expect(check.out.split('\n')[1]).toMatch(/^futureChunksOnly +metrics\.reading +select .*set_chunk_time_interval/);
  const { code, out } = await cli(other, ['diff']);
  expect(code).toBe(0);
  // What it prints is what leads there.
  await db.orm([]).em.execute(out);
  expect(await cli(other, ['check'])).toMatchObject({ code: 0 });
});

test('chunks, jobs and stats, for people and for machines', async () => {
  await created();
  const folder = await project({ 'mikro-orm.config.ts': config() });
  const chunks = await cli(folder, ['chunks', '--entity', 'Reading']);
  expect(chunks).toMatchObject({ code: 0, err: '' });
  const inColumnstore = isCommunity ? 'yes' : 'no';
  expect(chunks.out).toMatch(
    new RegExp(`metrics\\.reading +_timescaledb_internal\\.\\S+ +2026-01-01T00:00:00.000Z +\\S+ +${inColumnstore}\\n`),
  );
  const stats = await cli(folder, ['stats', '--json']);
  expect(JSON.parse(stats.out)).toMatchObject([
    {
      hypertable: { schema: 'metrics', name: 'reading' },
      rows: 2,
      chunks: 2,
      ...onlyCommunity({ columnstore: { chunks: 1 } }),
    },
  ]);
  const table = await cli(folder, ['stats', '--schema', 'metrics']);
  expect(table.out).toMatch(isCommunity ? /metrics\.reading +2 +2 +\d+ +1 +\d\.\d\n/ : /metrics\.reading +2 +2 +\d+\s/);
  expect((await cli(folder, ['check', '--json'])).out).toBe('[]\n');
});

onCommunity('jobs, of one schema', async () => {
  await created();
  const jobs = await cli(await project({ 'mikro-orm.config.ts': config() }), ['jobs', '--schema', 'metrics']);
  expect(jobs.out).toMatch(/^\d+ +policy_retention +metrics\.reading +1 day +scheduled +0 of 0$/m);
});

test('pull writes a module', async () => {
  await created();
  const folder = await project({ 'mikro-orm.config.ts': config() });
  const { out } = await cli(folder, ['pull', '--entity', 'Reading', '--entities-from', './entities.ts']);
  expect(out).toContain(`import { Reading } from './entities.ts';\n\nhypertable(Reading, {\n  by: 'time',`);
});

test('the configuration is found where MikroORM looks for it', async () => {
  await created();
  const js = config().replace(': object', '');
  const cases: [Record<string, string>, string[], Record<string, string>][] = [
    [{ 'mikro-orm.config.js': js }, [], {}],
    [{ 'dist/mikro-orm.config.js': js }, [], {}],
    [
      {
        'package.json': '{ "type": "module", "mikro-orm": { "configPaths": ["./no.ts", "./db/orm.ts"] } }',
        'db/orm.ts': config(),
      },
      [],
      {},
    ],
    [{ 'mine.ts': config() }, [], { MIKRO_ORM_CLI_CONFIG: './mine.ts' }],
    [{ 'mine.mjs': js, 'mikro-orm.config.js': 'export default 1' }, ['--config', 'mine.mjs'], {}],
    [
      { 'mikro-orm.config.ts': 'export default 1', 'mikro-orm.config.js': js },
      [],
      { MIKRO_ORM_CLI_PREFER_TS: 'false' },
    ],
  ];
  for (const [files, args, env] of cases) {
    expect(await here(await project(files), ['check', ...args], env)).toMatchObject({ code: 0, err: '' });
  }
});

test.each([
  ['a function', 'export default () => (OPTIONS);'],
  ['a promise', 'export default Promise.resolve(OPTIONS);'],
  ['a function that gives a promise of an ORM', 'export default async () => MikroORM.init(OPTIONS);'],
  ['an ORM', 'export default new MikroORM(OPTIONS);'],
  ['a list', 'export default [{ contextName: "other", dbName: "x" }, OPTIONS];'],
])('the module may export %s', async (_name, source) => {
  await created();
  const file = `${imports}${definition()}\n${source.replace('OPTIONS', options('').replace('debug: true,', ''))}`;
  const folder = await project({ 'mikro-orm.config.ts': file });
  expect(await here(folder, ['check'])).toMatchObject({ code: 0, err: '' });
});

test('a fault is one line on stderr, and 2', async () => {
  const folder = await project({
    'mikro-orm.config.ts': config(),
    'empty.ts': 'export default [];',
    'broken.ts': `throw new Error('so\\nbroken');`,
    'plain.ts': `export default { dbName: 'postgres', entities: [], discovery: { warnWhenNoEntities: false }, clientUrl: '${db.url}' };`,
    'away.ts': `${imports}${definition()}\nexport default ${options().replace(db.url, 'postgresql://localhost:1/x')};`,
    'missing.ts': `${imports}${definition()}\nexport default ${options().replace(new URL(db.url).pathname, '/nowhere')};`,
  });
  const cases: [string[], string][] = [
    [[], 'There is no command; see --help'],
    [['chekc'], 'No command: chekc; see --help'],
    [['diff', 'check'], 'No command: diff check; see --help'],
    [['diff', '--wrong'], `Unknown option '--wrong'`],
    [['diff', '--config', 'nowhere.ts'], 'There is no ORM configuration in nowhere.ts: name it with --config.'],
    [['diff', '--config', 'empty.ts'], 'exports no ORM configuration with the context name default.'],
    [['diff', '--config', 'broken.ts'], 'so broken'],
    [['diff', '--config', 'plain.ts'], 'The extension is missing'],
    [['diff', '--config', 'away.ts'], 'ECONNREFUSED'],
    [['stats', '--entity', 'Radio'], 'There is no entity Radio: use one of Reading.'],
    [['stats', '--entity', 'Reading'], 'There is no table metrics.reading'],
    [['diff', '--context', 'other'], 'with the context name other'],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await here(folder, args);
    expect({ args, code, out, lines: err.trim().split('\n').length }).toEqual({ args, code: 2, out: '', lines: 1 });
    expect(err).toMatch(/^mikro-orm-timescale: /);
    expect(err).toContain(message);
  }
});

test('help is no fault, and a process ends with the code of its fault', async () => {
  const folder = await db.folder();
  expect(await here(folder, ['--help'])).toMatchObject({ code: 0, err: '' });
  const { code, out, err } = await cli(folder, ['check']);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('There is no ORM configuration in ./src/mikro-orm.config.ts, ./mikro-orm.config.ts,');
});
